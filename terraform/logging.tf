# Cloud Run writes a log entry for every request, with the client's address and user agent, and has no switch for it. So
# the entries of everything that answers requests are never kept; counts and latencies are metrics and stay.
#
# This acts on the project's own _Default sink. Sinks of a folder or an organization need the same filter.
locals {
  cloud_run_services = concat(
    [for name in keys(local.functions) : "${var.prefix}-${name}"],
    var.gateway == null ? [] : [local.gateway_name],
  )
}

resource "google_logging_project_exclusion" "requests" {
  project     = var.project_id
  name        = "${var.prefix}-requests"
  description = "Request logs hold client addresses: they are not kept"
  filter = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "log_id(\"run.googleapis.com/requests\")",
    "resource.labels.service_name=(${join(" OR ", [for name in local.cloud_run_services : "\"${name}\""])})",
  ])

  depends_on = [google_project_service.apis]
}

# Its backends don't log; whoever turns that on must not keep addresses by it.
resource "google_logging_project_exclusion" "load_balancer" {
  count = var.domain == null ? 0 : 1

  project     = var.project_id
  name        = "${var.prefix}-load-balancer"
  description = "Request logs hold client addresses: they are not kept"
  filter = join(" AND ", [
    "resource.type=\"http_load_balancer\"",
    "log_id(\"requests\")",
    "resource.labels.url_map_name=(${join(" OR ", [for name in local.url_map_names : "\"${name}\""])})",
  ])

  depends_on = [google_project_service.apis]
}
