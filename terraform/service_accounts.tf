locals {
  service_accounts = merge(
    { for name in keys(local.functions) : name => "Runs the function ${name}" },
    {
      build     = "Builds the functions"
      push      = "Pub/Sub calls ${join(" and ", local.readers)} as this"
      scheduler = "Cloud Scheduler calls maintain as this"
    },
    var.cloudbuild == null ? {} : { deploy = "Cloud Build deploys as this" },
    var.gateway == null ? {} : { gateway = "Runs the collector that takes OTLP/gRPC" },
  )
}

resource "google_service_account" "accounts" {
  for_each = local.service_accounts

  project      = var.project_id
  account_id   = "${var.prefix}-${each.key}"
  display_name = each.value

  depends_on = [google_project_service.apis]
}
