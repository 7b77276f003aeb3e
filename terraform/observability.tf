# What the functions measure of themselves goes to Cloud Monitoring and Cloud Trace, by OTLP.
locals {
  observed_functions = var.observability.enabled ? keys(local.functions) : []

  observing_environment = !var.observability.enabled ? {} : {
    RHESIS_OBSERVE_INTERVAL_SECONDS = tostring(var.observability.interval_seconds)
    RHESIS_OBSERVE_PROJECT          = var.project_id
    RHESIS_OBSERVE_REGION           = var.region
    RHESIS_OBSERVE_TRACES           = tostring(var.observability.traces)
    RHESIS_OBSERVE_URL              = "https://telemetry.googleapis.com"
  }
}

# Neither role has a smaller place than the project, and neither reads anything.
resource "google_project_iam_member" "functions_write_metrics" {
  for_each = toset(local.observed_functions)

  project = var.project_id
  role    = "roles/telemetry.metricsWriter"
  member  = google_service_account.accounts[each.key].member
}

resource "google_project_iam_member" "functions_write_traces" {
  for_each = toset(var.observability.traces ? local.observed_functions : [])

  project = var.project_id
  role    = "roles/telemetry.tracesWriter"
  member  = google_service_account.accounts[each.key].member
}
