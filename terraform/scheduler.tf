resource "google_cloud_scheduler_job" "maintain" {
  for_each = var.maintenance

  project          = var.project_id
  region           = var.region
  name             = "${var.prefix}-maintain-${each.key}"
  description      = each.value.description
  schedule         = each.value.schedule
  time_zone        = "Etc/UTC"
  attempt_deadline = "${min(var.functions.maintain.timeout_seconds, 1800)}s"

  retry_config {
    retry_count          = 3
    min_backoff_duration = "30s"
    max_backoff_duration = "300s"
  }

  http_target {
    http_method = "POST"
    uri         = "${module.function["maintain"].uri}${each.value.path}"

    oidc_token {
      service_account_email = google_service_account.accounts["scheduler"].email
      audience              = module.function["maintain"].uri
    }
  }

  depends_on = [google_project_service.apis]
}
