locals {
  bigquery_location = try(coalesce(var.bigquery.location, var.region), null)
  bigquery_tables = {
    for file in fileset("${local.source_root}/schemas/bigquery", "*.json") : trimsuffix(file, ".json") => file
    if var.bigquery != null
  }
  # Names rather than references, since a file of SQL can't wait for an apply.
  bigquery_events_dataset = "${replace(var.prefix, "-", "_")}_events"
  bigquery_views_dataset  = "${replace(var.prefix, "-", "_")}_views"

  # A year has 366 days at most, so that nothing goes before its twelve months are over.
  partition_expiration_ms = floor(var.retention_months * 61 / 2) * 86400 * 1000
}

resource "google_bigquery_dataset" "events" {
  count = var.bigquery == null ? 0 : 1

  project               = var.project_id
  dataset_id            = local.bigquery_events_dataset
  friendly_name         = "Telemetry: events"
  description           = "Single events under pseudonyms. Read the views instead."
  location              = local.bigquery_location
  labels                = local.labels
  max_time_travel_hours = 48 # the least: what is erased can be read for so long

  default_partition_expiration_ms = local.partition_expiration_ms
  delete_contents_on_destroy      = !var.deletion_protection

  lifecycle {
    # Access is granted by resources of its own.
    ignore_changes = [access]
  }

  depends_on = [google_project_service.apis]
}

resource "google_bigquery_table" "events" {
  for_each = local.bigquery_tables

  project                  = var.project_id
  dataset_id               = google_bigquery_dataset.events[0].dataset_id
  table_id                 = each.key
  labels                   = local.labels
  schema                   = file("${local.source_root}/schemas/bigquery/${each.value}")
  clustering               = ["user_id", "deployment_type"] # an erasure then touches few blocks
  deletion_protection      = var.deletion_protection
  require_partition_filter = true

  time_partitioning {
    type          = "DAY"
    field         = "timestamp"
    expiration_ms = local.partition_expiration_ms
  }
}

# What maintain tells of events that are gone: counts without ids, which stay.
resource "google_bigquery_table" "history" {
  count = var.bigquery == null ? 0 : 1

  project             = var.project_id
  dataset_id          = google_bigquery_dataset.events[0].dataset_id
  table_id            = "analytics_history"
  labels              = local.labels
  schema              = file("${local.source_root}/schemas/bigquery/history/analytics_history.json")
  deletion_protection = var.deletion_protection
}

# When those who still have events came first; nobody is known for longer than their last event.
resource "google_bigquery_table" "first_days" {
  count = var.bigquery == null ? 0 : 1

  project             = var.project_id
  dataset_id          = google_bigquery_dataset.events[0].dataset_id
  table_id            = "analytics_first_days"
  labels              = local.labels
  schema              = file("${local.source_root}/schemas/bigquery/history/analytics_first_days.json")
  deletion_protection = var.deletion_protection

  time_partitioning {
    type          = "DAY"
    field         = "last_day"
    expiration_ms = local.partition_expiration_ms
  }
}

# Whose pseudonyms are whose while two keys overlap; maintain writes it, and empties it when the overlap ends.
resource "google_bigquery_table" "pseudonym_links" {
  count = var.bigquery == null ? 0 : 1

  project             = var.project_id
  dataset_id          = google_bigquery_dataset.events[0].dataset_id
  table_id            = "analytics_pseudonym_links"
  labels              = local.labels
  schema              = file("${local.source_root}/schemas/bigquery/history/analytics_pseudonym_links.json")
  deletion_protection = var.deletion_protection
}

# mirror appends; maintain erases what must go before its partition does, and writes what events don't tell any more.
resource "google_bigquery_dataset_iam_member" "events_editors" {
  for_each = var.bigquery == null ? toset([]) : toset(["maintain", "mirror"])

  project    = var.project_id
  dataset_id = google_bigquery_dataset.events[0].dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.accounts[each.key].member
}

# Running a query is a right in the project that pays for it; it reads nothing by itself.
resource "google_project_iam_member" "bigquery_jobs" {
  for_each = var.bigquery == null ? {} : merge(
    { maintain = google_service_account.accounts["maintain"].member },
    { for viewer in var.bigquery.viewers : viewer => viewer },
  )

  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = each.value
}
