# No client address is kept: request logs of every entry that can be reached from outside are excluded.

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

run "every_function_is_excluded" {
  command = plan

  assert {
    condition     = alltrue([for function in module.function : strcontains(google_logging_project_exclusion.requests.filter, "\"${function.name}\"")])
    error_message = "The exclusion of request logs leaves out a function."
  }

  assert {
    condition     = strcontains(google_logging_project_exclusion.requests.filter, "log_id(\"run.googleapis.com/requests\")") && strcontains(google_logging_project_exclusion.requests.filter, "resource.type=\"cloud_run_revision\"") && google_logging_project_exclusion.requests.disabled != true
    error_message = "The exclusion must name the request log, and be on."
  }

  assert {
    condition     = google_sql_database_instance.main.settings[0].insights_config[0].record_client_address == false
    error_message = "Query insights must not record client addresses."
  }

  assert {
    condition     = google_monitoring_uptime_check_config.ingest.log_check_failures == false && length(google_compute_subnetwork.functions.log_config) == 0
    error_message = "Neither checks nor flows are logged."
  }
}

run "every_entry_is_excluded_when_all_is_on" {
  command = plan

  variables {
    domain    = { name = "telemetry.example.com" }
    dashboard = { domain = "usage.example.com", viewers = ["group:product@example.com"] }
    gateway   = {}
    bigquery  = {}
  }

  assert {
    condition     = alltrue([for name in concat([for function in module.function : function.name], google_cloud_run_v2_service.gateway[*].name) : strcontains(google_logging_project_exclusion.requests.filter, "\"${name}\"")])
    error_message = "The exclusion of request logs leaves out a service."
  }

  assert {
    condition     = alltrue([for name in concat(google_compute_url_map.https[*].name, google_compute_url_map.redirect[*].name) : strcontains(google_logging_project_exclusion.load_balancer[0].filter, "\"${name}\"")])
    error_message = "The exclusion of the load balancer's log leaves out a URL map."
  }

  assert {
    condition     = alltrue([for backend in google_compute_backend_service.frontends : backend.log_config[0].enable == false])
    error_message = "The load balancer must not log requests."
  }
}
