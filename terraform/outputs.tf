locals {
  otlp_endpoint = var.domain == null ? module.function["ingest"].uri : "https://${var.domain.name}"
}

output "check" {
  description = "Commands that show whether the pipeline is alive: each answers with what it should."
  value = {
    ingest_answers   = "curl -fsS ${local.otlp_endpoint}/health"
    send_an_event    = "curl -fsS ${local.otlp_endpoint}/v1/logs -H 'Content-Type: application/json' -d '${replace(jsonencode(local.first_event), "NOW", "'$(date +%s)'000000000")}'"
    maintain_now     = "gcloud scheduler jobs run ${[for name, job in google_cloud_scheduler_job.maintain : job.name if var.maintenance[name].path == "/"][0]} --location=${var.region} --project=${var.project_id}"
    messages_waiting = "gcloud pubsub subscriptions describe ${google_pubsub_subscription.events["store"].name} --project=${var.project_id}"
    dead_letters     = "gcloud pubsub subscriptions pull ${google_pubsub_subscription.dead_letters.name} --limit=1 --project=${var.project_id}"
    errors           = "gcloud logging read 'resource.type=\"cloud_run_revision\" severity>=ERROR' --freshness=1h --limit=20 --project=${var.project_id}"
  }
}

locals {
  first_event = {
    resourceLogs = [{
      resource = { attributes = [{ key = "service.name", value = { stringValue = "deployment-check" } }] }
      scopeLogs = [{
        logRecords = [{
          attributes   = [{ key = "feature.name", value = { stringValue = "deployment_check" } }]
          eventName    = "feature_usage"
          timeUnixNano = "NOW" # the shell puts the time in
        }]
      }]
    }]
  }
}

output "cloud_build_service_account" {
  description = "The account that the trigger deploys as; null without one."
  value       = try(google_service_account.accounts["deploy"].email, null)
}

output "dashboard_url" {
  description = "Where the dashboard is, and how to get there without a domain."
  value = {
    url     = local.dashboard_behind_iap ? "https://${var.dashboard.domain}" : module.function["dashboard"].uri
    command = local.dashboard_behind_iap ? null : "gcloud run services proxy ${module.function["dashboard"].name} --region=${var.region} --project=${var.project_id} --port=8080"
  }
}

output "database" {
  description = "The Cloud SQL instance, and the secret that holds the password of telemetry_admin."
  value = {
    connection_name       = google_sql_database_instance.main.connection_name
    name                  = google_sql_database.telemetry.name
    owner_password_secret = google_secret_manager_secret.owner_password.id
    users                 = { for name, user in google_sql_user.functions : name => user.name }
  }
}

output "dns_records" {
  description = "Records to make where the domain is kept; empty without a domain. Without the CNAME records no certificate is issued."
  value = merge([
    for name, domain in local.frontends : {
      (domain) = {
        A     = google_compute_global_address.frontend["ipv4"].address
        AAAA  = google_compute_global_address.frontend["ipv6"].address
        CNAME = google_certificate_manager_dns_authorization.frontends[name].dns_resource_record[0]
      }
    }
  ]...)
}

output "environment" {
  description = "Environment variables for an app that any OpenTelemetry SDK understands."
  value = {
    OTEL_EXPORTER_OTLP_ENDPOINT = local.otlp_endpoint
    OTEL_EXPORTER_OTLP_PROTOCOL = "http/protobuf"
  }
}

output "events_topic" {
  description = "The queue's topic, which `telemetry replay` and `telemetry dead-letters` take as --topic; the subscription that keeps its dead letters is named after it."
  value       = google_pubsub_topic.events.id
}

output "gateway_endpoint" {
  description = "Where OTLP/gRPC is taken; null without the gateway."
  value       = try("${trimprefix(google_cloud_run_v2_service.gateway[0].uri, "https://")}:443", null)
}

output "looker_studio_url" {
  description = "Opens a new Looker Studio report on the views; null without BigQuery."
  value = var.bigquery == null ? null : join("&", concat(
    ["https://lookerstudio.google.com/reporting/create?c.mode=edit", "r.reportName=${urlencode("Telemetry")}"],
    var.bigquery.looker_studio_template_id == null ? [] : ["c.reportId=${var.bigquery.looker_studio_template_id}"],
    flatten([
      for index, view in sort(keys(local.bigquery_views)) : [
        "ds.ds${index}.connector=bigQuery",
        "ds.ds${index}.datasourceName=${view}",
        "ds.ds${index}.datasetId=${google_bigquery_dataset.views[0].dataset_id}",
        "ds.ds${index}.projectId=${var.project_id}",
        "ds.ds${index}.tableId=${view}",
        "ds.ds${index}.type=TABLE",
      ]
    ]),
  ))
}

output "maintain_url" {
  description = "Where maintain is called: POST / for all of it, POST /migrate for the schema alone. Callers need roles/run.invoker."
  value       = module.function["maintain"].uri
}

output "monitoring_url" {
  description = "The pipeline's dashboard in Cloud Monitoring."
  value       = "https://console.cloud.google.com/monitoring/dashboards/builder/${element(split("/", google_monitoring_dashboard.pipeline.id), -1)}?project=${var.project_id}"
}

output "otlp_endpoint" {
  description = "Where OTLP/HTTP is taken: /v1/traces and /v1/logs are below it."
  value       = local.otlp_endpoint
}

output "receipts_url" {
  description = "Where whoever asked for an erasure sees its receipt: a token follows."
  value       = "${var.domain == null ? module.function["public"].uri : "https://${var.domain.name}"}/erasures/"
}
