resource "google_pubsub_topic" "events" {
  project                    = var.project_id
  name                       = "${var.prefix}-events"
  labels                     = local.labels
  message_retention_duration = "${var.events.retention_days * 86400}s"

  # Without this, messages may rest in any region of the world.
  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  depends_on = [google_project_service.apis]
}

resource "google_pubsub_topic" "dead_letters" {
  project = var.project_id
  name    = "${var.prefix}-events-dead-letter"
  labels  = local.labels

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  depends_on = [google_project_service.apis]
}

# A topic without a subscription keeps nothing.
resource "google_pubsub_subscription" "dead_letters" {
  project                    = var.project_id
  name                       = "${var.prefix}-events-dead-letter"
  topic                      = google_pubsub_topic.dead_letters.id
  labels                     = local.labels
  message_retention_duration = "${31 * 86400}s"
  ack_deadline_seconds       = 60

  expiration_policy {
    ttl = ""
  }
}

# Our own push subscriptions, since those of an Eventarc trigger keep a message for a day and know no dead letters.
resource "google_pubsub_subscription" "events" {
  for_each = local.readers

  project                    = var.project_id
  name                       = "${var.prefix}-events-${each.key}"
  topic                      = google_pubsub_topic.events.id
  labels                     = local.labels
  message_retention_duration = "${var.events.retention_days * 86400}s"
  ack_deadline_seconds       = var.events.ack_deadline_seconds

  push_config {
    push_endpoint = module.function[each.key].uri

    oidc_token {
      service_account_email = google_service_account.accounts["push"].email
      audience              = module.function[each.key].uri
    }
  }

  retry_policy {
    minimum_backoff = "${var.events.minimum_backoff_seconds}s"
    maximum_backoff = "${var.events.maximum_backoff_seconds}s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letters.id
    max_delivery_attempts = var.events.max_delivery_attempts
  }

  # By default a subscription that is idle for 31 days is deleted.
  expiration_policy {
    ttl = ""
  }

  # Without its rights the agent moves no dead letter, and says nothing.
  depends_on = [google_pubsub_subscription.dead_letters, google_pubsub_topic_iam_member.agent_publishes_dead_letters]
}

# How many dead letters there are is known to Monitoring alone; maintain writes it down for the dashboard. The role can't be
# narrowed to one metric.
resource "google_project_iam_member" "maintain_reads_metrics" {
  project = var.project_id
  role    = "roles/monitoring.viewer"
  member  = google_service_account.accounts["maintain"].member
}

resource "google_pubsub_topic_iam_member" "ingest_publishes_events" {
  project = var.project_id
  topic   = google_pubsub_topic.events.name
  role    = "roles/pubsub.publisher"
  member  = google_service_account.accounts["ingest"].member
}

resource "google_pubsub_topic_iam_member" "agent_publishes_dead_letters" {
  project = var.project_id
  topic   = google_pubsub_topic.dead_letters.name
  role    = "roles/pubsub.publisher"
  member  = google_project_service_identity.pubsub.member
}

resource "google_pubsub_subscription_iam_member" "agent_takes_dead_letters" {
  for_each = google_pubsub_subscription.events

  project      = var.project_id
  subscription = each.value.name
  role         = "roles/pubsub.subscriber"
  member       = google_project_service_identity.pubsub.member
}

resource "google_service_account_iam_member" "agent_signs_pushes" {
  service_account_id = google_service_account.accounts["push"].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_project_service_identity.pubsub.member
}
