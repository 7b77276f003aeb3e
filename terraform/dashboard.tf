locals {
  dashboard_invokers = (
    local.dashboard_behind_iap
    ? { iap = google_project_service_identity.iap[0].member }
    : { for viewer in var.dashboard.viewers : viewer => viewer }
  )
}

# Identity-Aware Proxy signs viewers in and calls the function in their stead.
resource "google_iap_web_backend_service_iam_member" "dashboard_viewers" {
  for_each = local.dashboard_behind_iap ? toset(var.dashboard.viewers) : toset([])

  project             = var.project_id
  web_backend_service = google_compute_backend_service.frontends["dashboard"].name
  role                = "roles/iap.httpsResourceAccessor"
  member              = each.value
}
