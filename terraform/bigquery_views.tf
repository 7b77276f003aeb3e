# The views' SQL is the functions' own. There, a view reads others; here, the text of what it reads takes their place, so
# that each reads the tables alone. BigQuery then needs to authorize one dataset to read one other, and whoever may read
# the views sees neither the events nor what is made of them on the way.
locals {
  bigquery_sql_directory = "${local.source_root}/functions/telemetry_pipeline/analytics/bigquery"
  bigquery_variables     = { dataset = "${var.project_id}.${local.bigquery_events_dataset}", k = var.dashboard.k_anonymity }
  bigquery_place         = { for name in keys(local.bigquery_sql) : name => "`${local.bigquery_variables.dataset}.${name}`" }
  bigquery_files = {
    for folder, pattern in { events = "events/*.sql", exact = "*.sql", operators = "operators/*.sql", published = "published/*.sql" } : folder => {
      for file in fileset(local.bigquery_sql_directory, pattern) : trimsuffix(basename(file), ".sql") =>
      templatefile("${local.bigquery_sql_directory}/${file}", local.bigquery_variables)
    }
  }
  # What is published hides groups smaller than k, and reads what is exact. A recursive query may not stand within another
  # one, so that the funnel is published whole or not at all.
  bigquery_sql = merge(
    local.bigquery_files.events,
    local.bigquery_files.operators,
    { for name, sql in local.bigquery_files.exact : contains(keys(local.bigquery_files.published), name) ? "exact_${name}" : name => sql },
    local.bigquery_files.published,
    var.dashboard.k_anonymity > 1 ? {} : { feature_funnel = local.bigquery_files.exact.feature_funnel },
  )

  # The events of each kind, each once, and from where they answer.
  bigquery_with_kinds = {
    for name, sql in local.bigquery_sql : name => replace(replace(replace(replace(sql,
      local.bigquery_place["endpoint_usage"], "(\n${local.bigquery_sql["endpoint_usage"]}\n)"),
      local.bigquery_place["feature_usage"], "(\n${local.bigquery_sql["feature_usage"]}\n)"),
      local.bigquery_place["user_activity"], "(\n${local.bigquery_sql["user_activity"]}\n)"),
      local.bigquery_place["horizon"], "(\n${local.bigquery_sql["horizon"]}\n)",
    )
  }
  # What the kinds have in common, then the days on which people were active, then how many were.
  bigquery_with_events = {
    for name, sql in local.bigquery_with_kinds : name =>
    replace(sql, local.bigquery_place["events"], "(\n${local.bigquery_with_kinds["events"]}\n)")
  }
  bigquery_with_days = {
    for name, sql in local.bigquery_with_events : name =>
    replace(sql, local.bigquery_place["person_days"], "(\n${local.bigquery_with_events["person_days"]}\n)")
  }
  bigquery_with_active = {
    for name, sql in local.bigquery_with_days : name =>
    replace(sql, local.bigquery_place["exact_daily_active_users"], "(\n${local.bigquery_with_days["exact_daily_active_users"]}\n)")
  }
  # The exact view of each published one, then the published ones that others read.
  bigquery_with_exact = {
    for name, sql in local.bigquery_with_active : name =>
    replace(sql, local.bigquery_place["exact_${name}"], "(\n${local.bigquery_with_active["exact_${name}"]}\n)")
    if contains(keys(local.bigquery_files.published), name)
  }
  bigquery_with_published = {
    for name, sql in local.bigquery_with_exact : name => replace(replace(sql,
      local.bigquery_place["daily_active_users"], "(\n${local.bigquery_with_exact["daily_active_users"]}\n)"),
      local.bigquery_place["user_lifecycle"], "(\n${local.bigquery_with_exact["user_lifecycle"]}\n)",
    )
  }
  bigquery_queries = {
    for name, sql in merge(
      local.bigquery_with_published,
      { endpoint_performance_between = local.bigquery_with_active["endpoint_performance_between"] },
    ) : name =>
    replace(sql, local.bigquery_place["retention_cohorts"], "(\n${local.bigquery_with_published["retention_cohorts"]}\n)")
    if var.bigquery != null
  }

  # The questions that have parameters are table functions.
  bigquery_arguments = {
    endpoint_performance_between = [
      { name = "first_day", type = { typeKind = "DATE" } },
      { name = "last_day", type = { typeKind = "DATE" } },
    ]
    feature_funnel = [
      { name = "steps", type = { typeKind = "ARRAY", arrayElementType = { typeKind = "STRING" } } },
      { name = "time_limit", type = { typeKind = "INTERVAL" } },
      { name = "since", type = { typeKind = "TIMESTAMP" } },
      { name = "deployment", type = { typeKind = "STRING" } },
    ]
  }
  bigquery_views     = { for name, sql in local.bigquery_queries : name => sql if !contains(keys(local.bigquery_arguments), name) }
  bigquery_functions = { for name, sql in local.bigquery_queries : name => sql if contains(keys(local.bigquery_arguments), name) }
  # What tells installations apart stays with the events.
  bigquery_operators = { for name, sql in local.bigquery_with_kinds : name => sql if contains(keys(local.bigquery_files.operators), name) && var.bigquery != null }
  # The comment on top of a file is the definition in words.
  bigquery_explanations = {
    for name, sql in merge(local.bigquery_files.exact, local.bigquery_files.operators) : name => join("\n", [
      for line in split("\n", element(split("\nwith ", sql), 0)) : trimspace(trimprefix(line, "--")) if startswith(line, "--")
    ])
  }
}

resource "google_bigquery_dataset" "views" {
  count = var.bigquery == null ? 0 : 1

  project                    = var.project_id
  dataset_id                 = local.bigquery_views_dataset
  friendly_name              = "Telemetry: views"
  description                = "Counts of events, small groups hidden. Whoever may read here can't read the events."
  location                   = local.bigquery_location
  labels                     = local.labels
  delete_contents_on_destroy = true

  lifecycle {
    # Access is granted by resources of its own.
    ignore_changes = [access]
  }

  depends_on = [google_project_service.apis]
}

resource "google_bigquery_dataset_access" "views_read_events" {
  count = var.bigquery == null ? 0 : 1

  project    = var.project_id
  dataset_id = google_bigquery_dataset.events[0].dataset_id

  dataset {
    target_types = ["VIEWS"]

    dataset {
      project_id = var.project_id
      dataset_id = google_bigquery_dataset.views[0].dataset_id
    }
  }
}

resource "google_bigquery_table" "views" {
  #checkov:skip=CKV_GCP_121:A view holds nothing; a new version replaces it.
  for_each = local.bigquery_views

  project             = var.project_id
  dataset_id          = google_bigquery_dataset.views[0].dataset_id
  table_id            = each.key
  description         = local.bigquery_explanations[each.key]
  labels              = local.labels
  deletion_protection = false

  view {
    query          = each.value
    use_legacy_sql = false
  }

  depends_on = [google_bigquery_dataset_access.views_read_events, google_bigquery_table.events, google_bigquery_table.history, google_bigquery_table.first_days, google_bigquery_table.pseudonym_links]
}

resource "google_bigquery_table" "operators_views" {
  #checkov:skip=CKV_GCP_121:A view holds nothing; a new version replaces it.
  for_each = local.bigquery_operators

  project             = var.project_id
  dataset_id          = google_bigquery_dataset.events[0].dataset_id
  table_id            = each.key
  description         = local.bigquery_explanations[each.key]
  labels              = local.labels
  deletion_protection = false

  view {
    query          = each.value
    use_legacy_sql = false
  }

  depends_on = [google_bigquery_table.events]
}

resource "google_bigquery_routine" "functions" {
  for_each = local.bigquery_functions

  project         = var.project_id
  dataset_id      = google_bigquery_dataset.views[0].dataset_id
  routine_id      = each.key
  routine_type    = "TABLE_VALUED_FUNCTION"
  language        = "SQL"
  description     = local.bigquery_explanations[each.key]
  definition_body = each.value

  dynamic "arguments" {
    for_each = local.bigquery_arguments[each.key]

    content {
      name      = arguments.value.name
      data_type = jsonencode(arguments.value.type)
    }
  }

  depends_on = [google_bigquery_table.events, google_bigquery_table.history, google_bigquery_table.pseudonym_links]
}

# An authorized dataset speaks for its views, not for its functions.
resource "google_bigquery_dataset_access" "functions_read_events" {
  for_each = google_bigquery_routine.functions

  project    = var.project_id
  dataset_id = google_bigquery_dataset.events[0].dataset_id

  routine {
    project_id = each.value.project
    dataset_id = each.value.dataset_id
    routine_id = each.value.routine_id
  }
}

resource "google_bigquery_dataset_iam_member" "views_readers" {
  for_each = toset(try(var.bigquery.viewers, []))

  project    = var.project_id
  dataset_id = google_bigquery_dataset.views[0].dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.value
}
