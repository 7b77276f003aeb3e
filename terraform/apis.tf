resource "google_project_service" "apis" {
  for_each = toset(concat(
    [
      "artifactregistry.googleapis.com",
      "cloudbuild.googleapis.com",
      "cloudfunctions.googleapis.com",
      "cloudresourcemanager.googleapis.com",
      "cloudscheduler.googleapis.com",
      "compute.googleapis.com",
      "iam.googleapis.com",
      "logging.googleapis.com",
      "monitoring.googleapis.com",
      "pubsub.googleapis.com",
      "run.googleapis.com",
      "secretmanager.googleapis.com",
      "servicenetworking.googleapis.com",
      "sqladmin.googleapis.com",
      "storage.googleapis.com",
    ],
    var.bigquery == null ? [] : ["bigquery.googleapis.com", "bigquerystorage.googleapis.com"],
    var.budget == null ? [] : ["billingbudgets.googleapis.com"],
    var.domain == null ? [] : ["certificatemanager.googleapis.com"],
    try(var.domain.dns_zone, null) == null ? [] : ["dns.googleapis.com"],
    var.observability.enabled ? ["cloudtrace.googleapis.com", "telemetry.googleapis.com"] : [],
    local.dashboard_behind_iap ? ["iap.googleapis.com"] : [],
  ))

  project = var.project_id
  service = each.value
  # Something else in the project may use it.
  disable_on_destroy = false
}

# The project's own agents come into being at their first use; IAM refuses a member that doesn't exist yet.
resource "google_project_service_identity" "pubsub" {
  provider = google-beta

  project = var.project_id
  service = google_project_service.apis["pubsub.googleapis.com"].service
}

resource "google_project_service_identity" "iap" {
  count    = local.dashboard_behind_iap ? 1 : 0
  provider = google-beta

  project = var.project_id
  service = google_project_service.apis["iap.googleapis.com"].service
}
