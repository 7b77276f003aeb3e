# Who may do what. The lists are complete: a right that is added must be added here too, with a reason.

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
  domain     = { name = "telemetry.example.com", dns_zone = "example-com" }
  dashboard  = { domain = "usage.example.com", viewers = ["group:product@example.com"] }
  gateway    = {}
  bigquery   = { viewers = ["group:analysts@example.com"] }
  cloudbuild = {
    repository   = "projects/my-telemetry-project/locations/europe-west1/connections/github/repositories/telemetry"
    state_bucket = "my-telemetry-project-terraform"
  }
}

run "only_ingest_and_public_are_public" {
  command = plan

  assert {
    condition     = [for name, function in module.function : name if contains(function.invokers, "allUsers") || contains(function.invokers, "allAuthenticatedUsers")] == ["ingest", "public"]
    error_message = "allUsers may invoke ingest and public, and nothing else."
  }

  assert {
    condition     = { for name, function in module.function : name => length(function.invokers) } == { dashboard = 1, ingest = 1, maintain = 2, mirror = 1, public = 1, store = 1 }
    error_message = "IAP invokes the dashboard, Pub/Sub mirror and store, Cloud Scheduler and Cloud Build maintain."
  }

  assert {
    condition     = module.function["store"].function.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY" && module.function["mirror"].function.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"
    error_message = "Only Pub/Sub reaches mirror and store."
  }

  assert {
    condition     = length(module.function["public"].function.service_config[0].secret_environment_variables) == 0 && module.function["maintain"].function.service_config[0].environment_variables["RHESIS_DATABASE_PUBLICS"] == google_sql_user.functions["public"].name && module.function["maintain"].function.service_config[0].environment_variables["RHESIS_DATABASE_DASHBOARDS"] == google_sql_user.functions["dashboard"].name
    error_message = "What everybody may call has no secret, and a role of its own in the database."
  }
}

run "behind_a_policy_that_forbids_all_users" {
  command = plan

  variables {
    public_access = "invoker_check_disabled"
  }

  assert {
    condition     = !anytrue([for function in module.function : contains(function.invokers, "allUsers")])
    error_message = "No grant to allUsers may be tried where a policy forbids it."
  }

  assert {
    condition     = keys(google_cloud_run_v2_service_iam_member.deploy_opens) == ["ingest", "public"]
    error_message = "Cloud Build opens what everybody may call, and nothing else."
  }
}

run "rights_in_the_project" {
  command = plan

  assert {
    condition     = keys(google_project_iam_member.database_client) == ["dashboard", "maintain", "public", "store"] && keys(google_project_iam_member.database_login) == ["dashboard", "maintain", "public", "store"] && alltrue([for binding in concat(values(google_project_iam_member.database_client), values(google_project_iam_member.database_login)) : strcontains(binding.condition[0].expression, "projects/my-telemetry-project/instances/telemetry")])
    error_message = "Four functions may log in, to this database alone."
  }

  assert {
    condition     = google_project_iam_member.maintain_reads_metrics.role == "roles/monitoring.viewer" && google_project_iam_member.maintain_reads_metrics.member == google_service_account.accounts["maintain"].member
    error_message = "maintain reads metrics, to count dead letters."
  }

  assert {
    condition     = keys(google_project_iam_member.functions_write_metrics) == ["dashboard", "ingest", "maintain", "mirror", "public", "store"] && keys(google_project_iam_member.functions_write_traces) == keys(google_project_iam_member.functions_write_metrics) && toset([for binding in concat(values(google_project_iam_member.functions_write_metrics), values(google_project_iam_member.functions_write_traces)) : binding.role]) == toset(["roles/telemetry.metricsWriter", "roles/telemetry.tracesWriter"])
    error_message = "Each function writes metrics and traces of its own, and can't read them."
  }

  assert {
    condition     = strcontains(google_project_iam_member.build_reads_copied_source.condition[0].expression, "projects/_/buckets/gcf-v2-sources-")
    error_message = "The build reads sources of functions and no other bucket."
  }

  assert {
    condition     = toset([for binding in google_project_iam_member.bigquery_jobs : binding.role]) == toset(["roles/bigquery.jobUser"]) && toset(keys(google_project_iam_member.bigquery_jobs)) == toset(["group:analysts@example.com", "maintain"])
    error_message = "maintain and the viewers may run queries."
  }

  assert {
    condition     = alltrue([for binding in google_project_iam_member.deploy : contains(["roles/artifactregistry.reader", "roles/browser", "roles/cloudfunctions.developer", "roles/logging.logWriter"], binding.role) || can(regex("(iewer|eader|securityReviewer)$", binding.role))])
    error_message = "Cloud Build may replace functions, write its log, and read."
  }
}

run "rights_on_resources" {
  command = plan

  assert {
    condition     = google_pubsub_topic_iam_member.ingest_publishes_events.role == "roles/pubsub.publisher" && google_pubsub_topic_iam_member.ingest_publishes_events.topic == google_pubsub_topic.events.name
    error_message = "ingest publishes to one topic."
  }

  assert {
    condition     = google_secret_manager_secret_iam_member.ingest_reads_pseudonym_key.secret_id == google_secret_manager_secret.pseudonym_key.secret_id && google_secret_manager_secret_iam_member.ingest_reads_pseudonym_key.role == "roles/secretmanager.secretAccessor"
    error_message = "ingest reads one secret."
  }

  assert {
    condition     = keys(google_bigquery_dataset_iam_member.events_editors) == ["maintain", "mirror"] && alltrue([for binding in google_bigquery_dataset_iam_member.events_editors : binding.role == "roles/bigquery.dataEditor"])
    error_message = "mirror and maintain write to one dataset."
  }

  assert {
    condition     = toset(keys(google_service_account_iam_member.deploy_acts_as)) == toset(["build", "dashboard", "ingest", "maintain", "mirror", "public", "store"]) && google_service_account_iam_member.agent_signs_pushes.role == "roles/iam.serviceAccountTokenCreator"
    error_message = "Cloud Build deploys as the functions' accounts, and Pub/Sub's agent signs as the push account."
  }

  assert {
    condition     = toset(keys(google_service_account.accounts)) == toset(["build", "dashboard", "deploy", "gateway", "ingest", "maintain", "mirror", "public", "push", "scheduler", "store"])
    error_message = "Each function has an account of its own."
  }
}
