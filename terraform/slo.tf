# What is promised, and who hears of it when the promise is being broken: docs/observability.md has the definitions. The
# SLO of availability is in monitoring.tf. All of it is measured by Google, outside of the functions.
locals {
  is_store_subscription = "${local.is_subscription}=\"${google_pubsub_subscription.events["store"].name}\""

  slos = {
    availability = google_monitoring_slo.availability.name
    freshness    = google_monitoring_slo.freshness.name
    loss         = google_monitoring_slo.loss.name
  }

  # How fast the budget of 28 days is being spent, over a long window and, so that the alert ends soon, a short one
  # (sre.google/workbook/alerting-on-slos): 14.4 spends 2 % in an hour, 6 spends 5 % in six.
  burn_rates = {
    fast = { above = 14.4, windows = ["3600s", "300s"], severity = "CRITICAL" }
    slow = { above = 6, windows = ["21600s", "1800s"], severity = "WARNING" }
  }

  burn_alerts = {
    for pair in setproduct(keys(local.slos), keys(local.burn_rates)) :
    "${pair[0]}-${pair[1]}" => merge(local.burn_rates[pair[1]], { promise = pair[0], slo = local.slos[pair[0]] })
  }

  burn_advice = {
    availability = "ingest answers with 5xx: clients keep their batches for a while. `telemetry doctor --cloud` and the log of ${var.prefix}-ingest say why."
    freshness    = "Events wait in the queue and are not lost. `telemetry doctor --cloud` tells how many and for how long, and whether store and its database are well."
    loss         = "Messages end in the dead-letter subscription, where they are kept for 31 days. Find the cause in the log of ${var.prefix}-store, then replay them."
  }
}

resource "google_monitoring_slo" "freshness" {
  project             = var.project_id
  service             = google_monitoring_custom_service.ingest.service_id
  slo_id              = "${var.prefix}-freshness"
  display_name        = "Times at which no event waits longer than ${var.alerts.freshness_seconds} s to be stored"
  goal                = var.alerts.freshness_goal
  rolling_period_days = 28
  user_labels         = local.labels

  windows_based_sli {
    window_period = "300s"

    metric_mean_in_range {
      time_series = "${local.is_store_subscription} AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""

      range {
        min = 0
        max = var.alerts.freshness_seconds
      }
    }
  }
}

resource "google_monitoring_slo" "loss" {
  project             = var.project_id
  service             = google_monitoring_custom_service.ingest.service_id
  slo_id              = "${var.prefix}-loss"
  display_name        = "Messages that are stored, of those that are stored or given up"
  goal                = var.alerts.loss_goal
  rolling_period_days = 28
  user_labels         = local.labels

  request_based_sli {
    good_total_ratio {
      bad_service_filter  = "${local.is_store_subscription} AND metric.type=\"pubsub.googleapis.com/subscription/dead_letter_message_count\""
      good_service_filter = "${local.is_store_subscription} AND metric.type=\"pubsub.googleapis.com/subscription/push_request_count\" AND metric.labels.response_class=\"ack\""
    }
  }
}

resource "google_monitoring_alert_policy" "burn_rates" {
  for_each = local.burn_alerts

  project               = var.project_id
  display_name          = "Telemetry (${var.prefix}): error budget, ${each.value.promise} (${each.value.severity == "CRITICAL" ? "fast" : "slow"})"
  combiner              = "AND"
  severity              = each.value.severity
  notification_channels = local.channels
  user_labels           = local.labels

  dynamic "conditions" {
    for_each = each.value.windows

    content {
      display_name = "The budget is spent ${each.value.above} times too fast over ${conditions.value}"

      condition_threshold {
        filter          = "select_slo_burn_rate(\"${each.value.slo}\", \"${conditions.value}\")"
        comparison      = "COMPARISON_GT"
        threshold_value = each.value.above
        duration        = "0s"
      }
    }
  }

  documentation {
    content = "${local.burn_advice[each.value.promise]}\n\nRunbook: ${var.alerts.runbook}#error-budget"
  }
}
