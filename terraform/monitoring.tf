locals {
  channels = concat(var.notification_channels, [for channel in google_monitoring_notification_channel.emails : channel.id])

  is_run_revision = "resource.type=\"cloud_run_revision\""
  is_database     = "resource.type=\"cloudsql_database\" AND resource.labels.database_id=\"${var.project_id}:${local.database_name}\""
  is_ingest       = "${local.is_run_revision} AND resource.labels.service_name=\"${module.function["ingest"].name}\""
  is_subscription = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id"
  requests        = "metric.type=\"run.googleapis.com/request_count\""
  failed_requests = "${local.requests} AND metric.labels.response_code_class=\"5xx\""

  thresholds = merge(
    {
      database-cpu = {
        title     = "Database: CPU"
        filter    = "${local.is_database} AND metric.type=\"cloudsql.googleapis.com/database/cpu/utilization\""
        above     = var.alerts.database_cpu
        aligner   = "ALIGN_MEAN"
        reducer   = "REDUCE_MAX"
        period    = 300
        duration  = 900
        what_next = "Events wait in the queue and are not lost. Query Insights shows what takes the time; a larger `database.tier` restarts the instance."
      }
      database-connections = {
        title     = "Database: connections"
        filter    = "${local.is_database} AND metric.type=\"cloudsql.googleapis.com/database/postgresql/num_backends\""
        above     = var.alerts.database_connections * local.max_connections
        aligner   = "ALIGN_MAX"
        reducer   = "REDUCE_SUM"
        period    = 300
        duration  = 300
        what_next = "During a deployment two versions run side by side. If it stays, see who is connected: `select usename, application_name, count(*) from pg_stat_activity group by 1, 2`."
      }
      database-disk = {
        title     = "Database: disk"
        filter    = "${local.is_database} AND metric.type=\"cloudsql.googleapis.com/database/disk/utilization\""
        above     = var.alerts.database_disk
        aligner   = "ALIGN_MAX"
        reducer   = "REDUCE_MAX"
        period    = 300
        duration  = 300
        what_next = "The disk grows by itself up to `database.disk_size_limit_gb`; raise that, or lower `retention_months`."
      }
      dead-letters = {
        title     = "Dead letters"
        filter    = "${local.is_subscription}=\"${google_pubsub_subscription.dead_letters.name}\" AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\""
        above     = 0
        aligner   = "ALIGN_MAX"
        reducer   = "REDUCE_SUM"
        period    = 300
        duration  = 0
        what_next = "Messages that could not be delivered in ${var.events.max_delivery_attempts} attempts are kept for 31 days. Find the cause in the reader's log, then `telemetry dead-letters replay --all` (docs/replay.md)."
      }
      function-errors = {
        title     = "Functions: errors in the log"
        filter    = "${local.is_run_revision} AND resource.labels.service_name=monitoring.regex.full_match(\"${join("|", local.cloud_run_services)}\") AND metric.type=\"logging.googleapis.com/log_entry_count\" AND metric.labels.severity=monitoring.regex.full_match(\"ERROR|CRITICAL|ALERT|EMERGENCY\")"
        above     = var.alerts.error_log_entries
        aligner   = "ALIGN_DELTA"
        reducer   = "REDUCE_SUM"
        period    = 300
        duration  = 0
        what_next = "`gcloud logging read 'resource.type=\"cloud_run_revision\" severity>=ERROR' --freshness=1h --project=${var.project_id}` shows them."
      }
    },
    {
      for name in local.readers : "oldest-message-${name}" => {
        title     = "Queue: oldest message for ${name}"
        filter    = "${local.is_subscription}=\"${var.prefix}-events-${name}\" AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
        above     = var.alerts.oldest_message_seconds
        aligner   = "ALIGN_MAX"
        reducer   = "REDUCE_MAX"
        period    = 60
        duration  = 300
        what_next = "${name} answers with errors or can't keep up. Messages wait for ${var.events.retention_days} days. See its log; more instances are `functions.${name}.instance_count.max`."
      }
    },
  )

  uptime_host = var.domain == null ? trimprefix(module.function["ingest"].uri, "https://") : var.domain.name
}

resource "google_monitoring_notification_channel" "emails" {
  for_each = toset(var.notification_emails)

  project      = var.project_id
  display_name = "Telemetry: ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }
  user_labels  = local.labels

  depends_on = [google_project_service.apis]
}

resource "google_monitoring_alert_policy" "thresholds" {
  for_each = local.thresholds

  project               = var.project_id
  display_name          = "Telemetry (${var.prefix}): ${each.value.title}"
  combiner              = "OR"
  notification_channels = local.channels
  user_labels           = local.labels

  conditions {
    display_name = each.value.title

    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.above
      duration        = "${each.value.duration}s"

      aggregations {
        alignment_period     = "${each.value.period}s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
      }
    }
  }

  documentation {
    content = "${each.value.what_next}\n\nRunbook: ${var.alerts.runbook}#${replace(lower(replace(each.value.title, ":", "")), " ", "-")}"
  }
}

resource "google_monitoring_alert_policy" "ingest_errors" {
  project               = var.project_id
  display_name          = "Telemetry (${var.prefix}): ingest fails"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels
  user_labels           = local.labels

  conditions {
    display_name = "Share of requests answered with 5xx"

    condition_threshold {
      filter             = "${local.is_ingest} AND ${local.failed_requests}"
      denominator_filter = "${local.is_ingest} AND ${local.requests}"
      comparison         = "COMPARISON_GT"
      threshold_value    = var.alerts.ingest_error_ratio
      duration           = "300s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
      denominator_aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content = "Clients keep their batches and try again for a while; then events are lost. 503 means that Pub/Sub did not take a message in time: see the log of ${var.prefix}-ingest.\n\nRunbook: ${var.alerts.runbook}#ingest-fails"
  }
}

resource "google_monitoring_alert_policy" "no_events" {
  project               = var.project_id
  display_name          = "Telemetry (${var.prefix}): no events for a day"
  combiner              = "OR"
  notification_channels = local.channels
  user_labels           = local.labels

  conditions {
    display_name = "Nothing published"

    condition_absent {
      filter   = "resource.type=\"pubsub_topic\" AND resource.labels.topic_id=\"${google_pubsub_topic.events.name}\" AND metric.type=\"pubsub.googleapis.com/topic/send_request_count\""
      duration = "${23.5 * 3600}s" # the longest absence that can be watched

      aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content = "Either nobody uses the apps, or they send elsewhere, or the names they send are no longer accepted: `telemetry tail` and the partial_success messages that their exporters log.\n\nRunbook: ${var.alerts.runbook}#no-events-for-a-day"
  }
}

resource "google_monitoring_uptime_check_config" "ingest" {
  project            = var.project_id
  display_name       = "Telemetry (${var.prefix}): ingest"
  period             = "300s"
  timeout            = "10s"
  log_check_failures = false
  user_labels        = local.labels

  http_check {
    path         = "/health"
    port         = 443
    use_ssl      = true
    validate_ssl = true
  }

  monitored_resource {
    type   = "uptime_url"
    labels = { host = local.uptime_host, project_id = var.project_id }
  }

  depends_on = [google_project_service.apis]
}

resource "google_monitoring_alert_policy" "uptime" {
  project               = var.project_id
  display_name          = "Telemetry (${var.prefix}): ingest can't be reached"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels
  user_labels           = local.labels

  conditions {
    display_name = "More than one region can't reach it"

    condition_threshold {
      filter          = "resource.type=\"uptime_url\" AND metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.labels.check_id=\"${google_monitoring_uptime_check_config.ingest.uptime_check_id}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "300s"

      aggregations {
        alignment_period     = "1200s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
      }
    }
  }

  documentation {
    content = "`curl -i https://${local.uptime_host}/health` must answer 200. 403: the function is not public, see public_access. 404 or a certificate error: the name doesn't point to the load balancer.\n\nRunbook: ${var.alerts.runbook}#ingest-cant-be-reached"
  }
}

resource "google_monitoring_custom_service" "ingest" {
  project      = var.project_id
  service_id   = "${var.prefix}-ingest"
  display_name = "Telemetry (${var.prefix}): ingest"
  user_labels  = local.labels

  depends_on = [google_project_service.apis]
}

resource "google_monitoring_slo" "availability" {
  project             = var.project_id
  service             = google_monitoring_custom_service.ingest.service_id
  slo_id              = "${var.prefix}-ingest-availability"
  display_name        = "Requests that ingest answers without a fault of its own"
  goal                = var.alerts.availability_goal
  rolling_period_days = 28
  user_labels         = local.labels

  request_based_sli {
    good_total_ratio {
      bad_service_filter   = "${local.is_ingest} AND ${local.failed_requests}"
      total_service_filter = "${local.is_ingest} AND ${local.requests}"
    }
  }
}

resource "google_billing_budget" "project" {
  count    = var.budget == null ? 0 : 1
  provider = google.billing

  billing_account = var.budget.billing_account
  display_name    = "Telemetry (${var.prefix})"

  budget_filter {
    projects = ["projects/${data.google_project.project[0].number}"]
  }

  amount {
    specified_amount {
      currency_code = var.budget.currency
      units         = tostring(var.budget.amount)
    }
  }

  dynamic "threshold_rules" {
    for_each = { 0.5 = "CURRENT_SPEND", 0.9 = "CURRENT_SPEND", 1 = "FORECASTED_SPEND" }

    content {
      threshold_percent = threshold_rules.key
      spend_basis       = threshold_rules.value
    }
  }

  # Without channels, the billing account's administrators hear of it all the same.
  dynamic "all_updates_rule" {
    for_each = length(var.notification_emails) + length(var.notification_channels) > 0 ? [local.channels] : []

    content {
      monitoring_notification_channels = slice(all_updates_rule.value, 0, min(5, length(all_updates_rule.value)))
    }
  }

  depends_on = [google_project_service.apis]
}

data "google_project" "project" {
  count = var.budget == null ? 0 : 1

  project_id = var.project_id
}

locals {
  dashboard_charts = [
    { title = "Requests to ingest, by answer", by = "metric.label.response_code_class", filter = "${local.is_ingest} AND ${local.requests}", aligner = "ALIGN_RATE", reducer = "REDUCE_SUM" },
    { title = "Latency of ingest, 95th percentile (ms)", by = null, filter = "${local.is_ingest} AND metric.type=\"run.googleapis.com/request_latencies\"", aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_95" },
    { title = "Oldest message that waits (s)", by = "resource.label.subscription_id", filter = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=monitoring.regex.full_match(\"${var.prefix}-events-.*\") AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\"", aligner = "ALIGN_MAX", reducer = "REDUCE_MAX" },
    { title = "Messages that wait", by = "resource.label.subscription_id", filter = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=monitoring.regex.full_match(\"${var.prefix}-events-.*\") AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\"", aligner = "ALIGN_MAX", reducer = "REDUCE_SUM" },
    { title = "Requests to all functions that failed", by = "resource.label.service_name", filter = "${local.is_run_revision} AND resource.labels.service_name=monitoring.regex.full_match(\"${join("|", local.cloud_run_services)}\") AND ${local.failed_requests}", aligner = "ALIGN_RATE", reducer = "REDUCE_SUM" },
    { title = "Instances", by = "resource.label.service_name", filter = "${local.is_run_revision} AND resource.labels.service_name=monitoring.regex.full_match(\"${join("|", local.cloud_run_services)}\") AND metric.type=\"run.googleapis.com/container/instance_count\"", aligner = "ALIGN_MAX", reducer = "REDUCE_SUM" },
    { title = "Database: CPU", by = null, filter = local.thresholds["database-cpu"].filter, aligner = "ALIGN_MEAN", reducer = "REDUCE_MAX" },
    { title = "Database: connections", by = null, filter = local.thresholds["database-connections"].filter, aligner = "ALIGN_MAX", reducer = "REDUCE_SUM" },
    { title = "Database: disk", by = null, filter = local.thresholds["database-disk"].filter, aligner = "ALIGN_MAX", reducer = "REDUCE_MAX" },
  ]
}

resource "google_monitoring_dashboard" "pipeline" {
  project = var.project_id
  dashboard_json = jsonencode({
    displayName = "Telemetry (${var.prefix})"
    labels      = { for name, value in local.labels : "${name}-${value}" => "" }
    mosaicLayout = {
      columns = 48
      tiles = [
        for index, chart in local.dashboard_charts : {
          xPos   = index % 3 * 16
          yPos   = floor(index / 3) * 16
          width  = 16
          height = 16
          widget = {
            title = chart.title
            xyChart = {
              dataSets = [{
                plotType = "LINE"
                timeSeriesQuery = {
                  timeSeriesFilter = {
                    filter = chart.filter
                    aggregation = {
                      alignmentPeriod    = "60s"
                      perSeriesAligner   = chart.aligner
                      crossSeriesReducer = chart.reducer
                      groupByFields      = chart.by == null ? [] : [chart.by]
                    }
                  }
                }
              }]
            }
          }
        }
      ]
    }
  })

  depends_on = [google_project_service.apis]
}
