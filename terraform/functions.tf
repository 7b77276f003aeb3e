locals {
  database_environment = {
    for name in local.database_users : name => {
      RHESIS_DATABASE_INSTANCE  = google_sql_database_instance.main.connection_name
      RHESIS_DATABASE_NAME      = google_sql_database.telemetry.name
      RHESIS_DATABASE_POOL_SIZE = tostring(local.functions[name].database_pool_size)
      RHESIS_DATABASE_USER      = google_sql_user.functions[name].name
    }
  }
  bigquery_environment = var.bigquery == null ? {} : {
    RHESIS_BIGQUERY_DATASET = "${var.project_id}.${google_bigquery_dataset.events[0].dataset_id}"
  }
  # A message may wait for a while before it is read.
  reader_environment = { RHESIS_MAX_AGE_DAYS = tostring(var.retention_months * 30 + var.events.retention_days) }
  # Without a domain it is known only once ingest is there.
  otlp_environment = var.domain == null ? {} : { RHESIS_OTLP_URL = "https://${var.domain.name}" }
  page_environment = merge(local.otlp_environment, {
    RHESIS_K_ANONYMITY = tostring(var.dashboard.k_anonymity)
    RHESIS_PUBLIC_PAGE = tostring(var.dashboard.public_page)
  })
  environment = {
    dashboard = merge(local.database_environment["dashboard"], local.page_environment)
    ingest = merge({
      RHESIS_EVENTS_TOPIC        = google_pubsub_topic.events.id
      RHESIS_MAX_AGE_DAYS        = tostring(var.retention_months * 30)
      RHESIS_PSEUDONYM_KEY_EPOCH = tostring(var.pseudonym_key_epoch)

      RHESIS_BLOCKED_INSTALLATIONS   = join(",", var.senders.blocked_installations)
      RHESIS_QUOTA_BURST_EVENTS      = tostring(var.senders.burst_events)
      RHESIS_QUOTA_EVENTS_PER_SECOND = tostring(var.senders.events_per_second)
      }, var.pseudonym_key_previous == null ? {} : {
      RHESIS_PSEUDONYM_KEY_SINCE = var.pseudonym_key_previous.since
    })
    maintain = merge(local.database_environment["maintain"], local.bigquery_environment, {
      RHESIS_BACKUP_DAYS               = tostring(max(var.database.backup_retained_count, var.database.transaction_log_retention_days))
      RHESIS_DATABASE_DASHBOARDS       = google_sql_user.functions["dashboard"].name
      RHESIS_DATABASE_PUBLICS          = google_sql_user.functions["public"].name
      RHESIS_DATABASE_WRITERS          = google_sql_user.functions["store"].name
      RHESIS_DEAD_LETTERS_SUBSCRIPTION = google_pubsub_subscription.dead_letters.id
      RHESIS_K_ANONYMITY               = tostring(var.dashboard.k_anonymity)
      RHESIS_LINKAGE_HORIZON_MONTHS    = tostring(var.linkage_horizon_months)
      RHESIS_RETENTION_MONTHS          = tostring(var.retention_months)
      # Without the previous key there is nothing to link any more.
      RHESIS_UNLINKED_KEY_EPOCH = tostring(var.pseudonym_key_epoch - (var.pseudonym_key_previous == null ? 0 : 1))
      }, length(var.database.readers) == 0 ? {} : {
      RHESIS_DATABASE_READERS = join(",", var.database.readers)
      }, var.bigquery == null ? {} : {
      RHESIS_BIGQUERY_TIME_TRAVEL_HOURS = google_bigquery_dataset.events[0].max_time_travel_hours
    })
    mirror = merge(local.bigquery_environment, local.reader_environment)
    public = merge(local.database_environment["public"], local.page_environment)
    store  = merge(local.database_environment["store"], local.reader_environment)
  }
  ingress = {
    # Behind the load balancer the function's own URL is closed, or the limits there could be walked around.
    dashboard = local.dashboard_behind_iap ? "ALLOW_INTERNAL_AND_GCLB" : "ALLOW_ALL"
    ingest    = var.domain == null ? "ALLOW_ALL" : "ALLOW_INTERNAL_AND_GCLB"
    # Cloud Scheduler and Cloud Build call it, which don't all count as internal; IAM is what keeps it closed.
    maintain = "ALLOW_ALL"
    mirror   = "ALLOW_INTERNAL_ONLY"
    public   = var.domain == null ? "ALLOW_ALL" : "ALLOW_INTERNAL_AND_GCLB"
    store    = "ALLOW_INTERNAL_ONLY"
  }
  invokers = {
    dashboard = local.dashboard_invokers
    ingest    = {}
    maintain = merge(
      { scheduler = google_service_account.accounts["scheduler"].member },
      var.cloudbuild == null ? {} : { deploy = google_service_account.accounts["deploy"].member },
    )
    mirror = { push = google_service_account.accounts["push"].member }
    public = {}
    store  = { push = google_service_account.accounts["push"].member }
  }
}

module "function" {
  source   = "./modules/function"
  for_each = local.functions

  project_id    = var.project_id
  region        = var.region
  name          = "${var.prefix}-${each.key}"
  entry_point   = each.key
  labels        = local.labels
  runtime       = var.python_runtime
  public_access = contains(local.public_functions, each.key) ? var.public_access : null
  invokers      = local.invokers[each.key]

  build = {
    repository      = google_artifact_registry_repository.functions.id
    service_account = google_service_account.accounts["build"].id
  }
  bundle = {
    bucket = google_storage_bucket.source.name
    object = google_storage_bucket_object.source.name
  }
  function_config = {
    concurrency     = each.value.concurrency
    cpu             = each.value.cpu
    instance_count  = each.value.instance_count
    memory_mb       = each.value.memory_mb
    timeout_seconds = each.value.timeout_seconds
  }

  environment_variables = merge(local.environment[each.key], local.observing_environment)
  ingress_settings      = local.ingress[each.key]
  service_account_email = google_service_account.accounts[each.key].email
  secrets = each.key != "ingest" ? {} : merge({
    RHESIS_PSEUDONYM_KEY = {
      secret  = google_secret_manager_secret.pseudonym_key.secret_id
      version = google_secret_manager_secret_version.pseudonym_key.version
    }
    }, var.pseudonym_key_previous == null ? {} : {
    RHESIS_PREVIOUS_PSEUDONYM_KEY = {
      secret  = google_secret_manager_secret.pseudonym_key.secret_id
      version = var.pseudonym_key_previous.version
    }
    }, {
    for one in google_secret_manager_secret_version.api_keys : "RHESIS_API_KEYS" => {
      secret  = google_secret_manager_secret.api_keys[0].secret_id
      version = one.version
    }
  })
  vpc = !contains(local.database_users, each.key) ? null : {
    network    = google_compute_network.main.id
    subnetwork = google_compute_subnetwork.functions.id
  }

  depends_on = [
    google_artifact_registry_repository_iam_member.build_writes_images,
    # An exclusion acts on what is logged after it was made.
    google_logging_project_exclusion.requests,
    google_project_iam_member.build_reads_copied_source,
    google_project_iam_member.build_writes_logs,
    google_project_iam_member.database_client,
    google_project_iam_member.database_login,
    google_pubsub_topic_iam_member.ingest_publishes_events,
    google_secret_manager_secret_iam_member.ingest_reads_api_keys,
    google_secret_manager_secret_iam_member.ingest_reads_pseudonym_key,
    google_storage_bucket_iam_member.build_reads_source,
  ]
}
