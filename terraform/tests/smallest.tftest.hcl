# What a deployment has that says no more than it must.

mock_provider "google" {
  override_during = plan
  source          = "./tests/mocks"
}

mock_provider "google" {
  alias           = "billing"
  override_during = plan
}

mock_provider "google-beta" {
  override_during = plan
  source          = "./tests/mocks"
}

variables {
  project_id = "my-telemetry-project"
  region     = "europe-west1"
}

run "plan" {
  command = plan

  assert {
    condition     = toset(keys(module.function)) == toset(["dashboard", "ingest", "maintain", "public", "store"])
    error_message = "Without BigQuery there is no mirror, and everything else is there."
  }

  assert {
    condition     = length(google_bigquery_dataset.events) + length(google_bigquery_table.events) + length(google_compute_url_map.https) + length(google_cloud_run_v2_service.gateway) + length(google_cloudbuild_trigger.deploy) + length(google_billing_budget.project) == 0
    error_message = "What is optional must be off by default."
  }
}

run "functions" {
  command = plan

  assert {
    condition     = alltrue([for name, function in module.function : function.function.build_config[0].entry_point == name])
    error_message = "A function's entry point is its name."
  }

  assert {
    condition     = alltrue([for function in module.function : tonumber(function.function.service_config[0].environment_variables["THREADS"]) == function.function.service_config[0].max_instance_request_concurrency])
    error_message = "An instance must have as many threads as it takes requests."
  }

  assert {
    condition     = alltrue([for function in module.function : tonumber(function.function.service_config[0].available_cpu) >= 1])
    error_message = "An instance that serves more than one request at a time needs a whole CPU."
  }

  assert {
    condition     = toset([for name, function in module.function : name if length(function.function.service_config[0].direct_vpc_network_interface) == 1]) == toset(local.database_users)
    error_message = "Those that use the database, and no others, reach into the network."
  }

  assert {
    condition     = alltrue([for function in module.function : function.function.build_config[0].service_account != null && length(function.function.event_trigger) == 0])
    error_message = "Each function names the account that builds it, and none has an Eventarc trigger."
  }

  assert {
    condition     = length(distinct([for function in module.function : function.function.build_config[0].source[0].storage_source[0].object])) == 1
    error_message = "All functions come from one archive."
  }

  assert {
    condition     = google_storage_bucket_object.source.name == "source-${local.source_hash}.zip"
    error_message = "The object's name must hold the hash of what is in it."
  }

  assert {
    condition     = contains(keys(local.archived_files), "main.py") && contains(keys(local.archived_files), "requirements.txt") && contains(keys(local.archived_files), "migrations/alembic.ini") && !anytrue([for file in keys(local.archived_files) : strcontains(file, "__pycache__") || endswith(file, ".pyc")])
    error_message = "The archive holds the functions and the migrations, and nothing compiled."
  }

  assert {
    condition     = [for variable in module.function["ingest"].function.service_config[0].secret_environment_variables : variable.key] == ["RHESIS_PSEUDONYM_KEY"] && alltrue([for name, function in module.function : name == "ingest" || length(function.function.service_config[0].secret_environment_variables) == 0])
    error_message = "ingest gets the pseudonym key by reference, and no other function does."
  }

  assert {
    condition     = !anytrue(flatten([for function in module.function : [for name in keys(function.function.service_config[0].environment_variables) : contains(["DEBUG", "HOST", "PORT", "WORKERS", "RHESIS_PSEUDONYM_KEY", "RHESIS_DATABASE_URL"], name)]]))
    error_message = "No variable may change how functions-framework serves, and no secret may be a plain variable."
  }
}

run "queue" {
  command = plan

  assert {
    condition     = keys(google_pubsub_subscription.events) == ["store"] && google_pubsub_subscription.events["store"].expiration_policy[0].ttl == "" && google_pubsub_subscription.dead_letters.expiration_policy[0].ttl == ""
    error_message = "No subscription may expire."
  }

  assert {
    condition     = alltrue([for subscription in google_pubsub_subscription.events : subscription.push_config[0].oidc_token[0].audience == subscription.push_config[0].push_endpoint && subscription.ack_deadline_seconds >= 60])
    error_message = "Pushes are signed for their endpoint, and wait for a cold start."
  }

  assert {
    condition     = alltrue([for subscription in google_pubsub_subscription.events : subscription.retry_policy[0].minimum_backoff == "10s" && subscription.retry_policy[0].maximum_backoff == "600s" && length(subscription.dead_letter_policy) == 1])
    error_message = "Deliveries back off, and end in the dead letters."
  }

  assert {
    condition     = google_pubsub_subscription.dead_letters.message_retention_duration == "2678400s" && length(google_pubsub_subscription.dead_letters.push_config) == 0
    error_message = "Dead letters are kept for 31 days, to be pulled."
  }

  assert {
    condition     = google_pubsub_topic_iam_member.agent_publishes_dead_letters.role == "roles/pubsub.publisher" && google_pubsub_topic_iam_member.agent_publishes_dead_letters.topic == google_pubsub_topic.dead_letters.name && keys(google_pubsub_subscription_iam_member.agent_takes_dead_letters) == keys(google_pubsub_subscription.events) && alltrue([for binding in google_pubsub_subscription_iam_member.agent_takes_dead_letters : binding.role == "roles/pubsub.subscriber"])
    error_message = "Pub/Sub's agent must be able to take a message from each subscription and publish it as a dead letter."
  }

  assert {
    condition     = google_pubsub_topic.events.message_retention_duration == "604800s" && toset(google_pubsub_topic.events.message_storage_policy[0].allowed_persistence_regions) == toset(["europe-west1"])
    error_message = "The topic keeps messages for a week, in the region."
  }
}

run "database" {
  command = plan

  assert {
    condition     = google_sql_database_instance.main.settings[0].ip_configuration[0].ipv4_enabled == false && length(google_sql_database_instance.main.settings[0].ip_configuration[0].authorized_networks) == 0 && google_sql_database_instance.main.settings[0].ip_configuration[0].ssl_mode == "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"
    error_message = "The database has a private address only, and asks its clients for a certificate."
  }

  assert {
    condition     = google_sql_database_instance.main.deletion_protection && google_sql_database_instance.main.settings[0].deletion_protection_enabled
    error_message = "The database must be protected from deletion, by Terraform and by Cloud SQL."
  }

  assert {
    condition     = google_sql_database_instance.main.settings[0].edition == "ENTERPRISE" && google_sql_database_instance.main.settings[0].backup_configuration[0].enabled && google_sql_database_instance.main.settings[0].backup_configuration[0].point_in_time_recovery_enabled
    error_message = "The database is of the edition Enterprise, with backups and point-in-time recovery."
  }

  assert {
    condition     = contains([for flag in google_sql_database_instance.main.settings[0].database_flags : "${flag.name}=${flag.value}"], "cloudsql.iam_authentication=on") && alltrue([for user in google_sql_user.functions : user.type == "CLOUD_IAM_SERVICE_ACCOUNT" && user.password == null])
    error_message = "Functions log in by IAM."
  }

  assert {
    condition     = [for name, user in google_sql_user.functions : name if user.database_roles != null] == ["maintain"]
    error_message = "Only maintain may make tables and roles."
  }
}

run "secrets" {
  command = plan

  assert {
    condition     = google_secret_manager_secret_version.pseudonym_key.secret_data == null && google_secret_manager_secret_version.owner_password.secret_data == null && google_sql_user.owner.password == null
    error_message = "No secret may be in the state."
  }

  assert {
    condition     = google_secret_manager_secret_version.pseudonym_key.secret_data_wo_version == 1 && google_secret_manager_secret_version.pseudonym_key.deletion_policy == "ABANDON"
    error_message = "The key's version is its epoch, and a key that was rotated stays."
  }
}

run "first_key" {
  command = plan

  assert {
    condition     = module.function["maintain"].function.service_config[0].environment_variables["RHESIS_UNLINKED_KEY_EPOCH"] == "1" && module.function["maintain"].function.service_config[0].environment_variables["RHESIS_LINKAGE_HORIZON_MONTHS"] == "0" && !contains(keys(module.function["ingest"].function.service_config[0].environment_variables), "RHESIS_PSEUDONYM_KEY_SINCE")
    error_message = "Before a rotation there is nothing to link."
  }
}

run "two_keys" {
  command = plan

  variables {
    linkage_horizon_months = 6
    pseudonym_key_epoch    = 2
    pseudonym_key_previous = { version = "1", since = "2026-03-02" }
  }

  assert {
    condition     = { for variable in module.function["ingest"].function.service_config[0].secret_environment_variables : variable.key => variable.secret } == { RHESIS_PREVIOUS_PSEUDONYM_KEY = "telemetry-pseudonym-key", RHESIS_PSEUDONYM_KEY = "telemetry-pseudonym-key" } && one([for variable in module.function["ingest"].function.service_config[0].secret_environment_variables : variable.version if variable.key == "RHESIS_PREVIOUS_PSEUDONYM_KEY"]) == "1" && alltrue([for name, function in module.function : name == "ingest" || length(function.function.service_config[0].secret_environment_variables) == 0])
    error_message = "ingest alone gets the previous key, by reference, from the secret that it may read."
  }

  assert {
    condition     = module.function["ingest"].function.service_config[0].environment_variables["RHESIS_PSEUDONYM_KEY_SINCE"] == "2026-03-02" && module.function["maintain"].function.service_config[0].environment_variables["RHESIS_UNLINKED_KEY_EPOCH"] == "1" && module.function["maintain"].function.service_config[0].environment_variables["RHESIS_LINKAGE_HORIZON_MONTHS"] == "6"
    error_message = "While there are two keys, their pseudonyms stay linked, for as long as was chosen."
  }
}

run "previous_key_given_up" {
  command = plan

  variables {
    pseudonym_key_epoch = 2
  }

  assert {
    condition     = module.function["maintain"].function.service_config[0].environment_variables["RHESIS_UNLINKED_KEY_EPOCH"] == "2" && [for variable in module.function["ingest"].function.service_config[0].secret_environment_variables : variable.key] == ["RHESIS_PSEUDONYM_KEY"]
    error_message = "Without the previous key, the links are deleted."
  }
}

run "watching" {
  command = plan

  assert {
    condition     = toset(keys(google_monitoring_alert_policy.thresholds)) == toset(["database-connections", "database-cpu", "database-disk", "dead-letters", "function-errors", "oldest-message-store"])
    error_message = "An alert is missing, or one is new: name it here."
  }

  assert {
    condition     = google_monitoring_uptime_check_config.ingest.http_check[0].path == "/health" && !endswith(google_monitoring_uptime_check_config.ingest.http_check[0].path, "z")
    error_message = "The check asks for /health: Cloud Run keeps paths that end in z for itself."
  }

  assert {
    condition     = google_monitoring_slo.availability.goal == 0.999 && google_cloud_scheduler_job.maintain["run"].http_target[0].uri == "${module.function["maintain"].uri}/"
    error_message = "There is an SLO, and the schema migrates itself."
  }

  assert {
    condition     = google_monitoring_slo.freshness.goal == 0.99 && strcontains(google_monitoring_slo.freshness.windows_based_sli[0].metric_mean_in_range[0].time_series, "\"telemetry-events-store\"") && google_monitoring_slo.freshness.windows_based_sli[0].metric_mean_in_range[0].range[0].max == 60
    error_message = "Events are stored within a minute, in 99 % of all times."
  }

  assert {
    condition     = google_monitoring_slo.loss.goal == 0.9999 && strcontains(google_monitoring_slo.loss.request_based_sli[0].good_total_ratio[0].bad_service_filter, "dead_letter_message_count")
    error_message = "What becomes a dead letter is counted as lost until it is replayed."
  }

  assert {
    condition     = toset(keys(google_monitoring_alert_policy.burn_rates)) == toset(["availability-fast", "availability-slow", "freshness-fast", "freshness-slow", "loss-fast", "loss-slow"]) && alltrue([for alert in google_monitoring_alert_policy.burn_rates : alert.combiner == "AND" && length(alert.conditions) == 2])
    error_message = "Each promise has an alert when its budget is spent fast, and one when it is spent slowly, each over two windows."
  }

  assert {
    condition     = alltrue([for function in module.function : function.function.service_config[0].environment_variables["RHESIS_OBSERVE_URL"] == "https://telemetry.googleapis.com" && function.function.service_config[0].environment_variables["RHESIS_OBSERVE_PROJECT"] == var.project_id])
    error_message = "The functions measure themselves, and send it to Google and not to ingest."
  }
}

run "unobserved" {
  command = plan

  variables {
    observability = { enabled = false }
  }

  assert {
    condition     = length(google_project_iam_member.functions_write_metrics) + length(google_project_iam_member.functions_write_traces) == 0 && !anytrue(flatten([for function in module.function : [for name in keys(function.function.service_config[0].environment_variables) : startswith(name, "RHESIS_OBSERVE")]]))
    error_message = "What is turned off leaves neither a right nor a setting."
  }
}
