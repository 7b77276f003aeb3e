# Each mistake that a validation catches is made once, one of each variable in a run; so is each that only the sum of
# variables shows.

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

run "the_first_mistake_of_each" {
  command = plan

  variables {
    alerts                 = { availability_goal = 99.9 }
    api_keys               = { backend = "rhesis_secret" }
    bigquery               = { viewers = ["allUsers"] }
    budget                 = { amount = 0.5, billing_account = "012345-6789AB-CDEF01" }
    cloudbuild             = { repository = "rhesis/telemetry", state_bucket = "state" }
    database               = { availability_type = "HIGH" }
    domain                 = { name = "https://telemetry.example.com/" }
    events                 = { ack_deadline_seconds = 601 }
    functions              = { store = { instance_count = { min = 3, max = 2 } } }
    gateway                = { image = "otel/opentelemetry-collector:latest" }
    labels                 = { Team = "Platform" }
    linkage_horizon_months = 1
    maintenance            = { nightly = { description = "Nothing", path = "/health", schedule = "0 2 * * *" } }
    network                = { subnet_cidr = "10.72.0.0/28" }
    notification_channels  = ["oncall"]
    notification_emails    = ["oncall"]
    observability          = { interval_seconds = 1 }
    owner_password_version = 0
    prefix                 = "Telemetry_"
    project_id             = "My Project"
    pseudonym_key_epoch    = 0
    public_access          = "open"
    python_runtime         = "python310"
    region                 = "europe-west1-b"
    retention_months       = 0.5
    senders                = { blocked_installations = ["alice"] }
  }

  expect_failures = [
    var.alerts,
    var.api_keys,
    var.bigquery,
    var.budget,
    var.cloudbuild,
    var.database,
    var.domain,
    var.events,
    var.functions,
    var.gateway,
    var.labels,
    var.linkage_horizon_months,
    var.maintenance,
    var.network,
    var.notification_channels,
    var.notification_emails,
    var.observability,
    var.owner_password_version,
    var.prefix,
    var.project_id,
    var.pseudonym_key_epoch,
    var.public_access,
    var.python_runtime,
    var.region,
    var.retention_months,
    var.senders,
  ]
}

run "the_second_mistake_of_each" {
  command = plan

  variables {
    alerts      = { database_disk = 85 }
    budget      = { amount = 100, billing_account = "billing" }
    cloudbuild  = { repository = "projects/p/locations/l/connections/c/repositories/r", state_bucket = "state", substitutions = { region = "europe-west1" } }
    database    = { tier = "db-perf-optimized-N-2" }
    domain      = { name = "telemetry.example.com", rate_limit = { interval_seconds = 7 } }
    events      = { max_delivery_attempts = 3 }
    functions   = { ingest = { concurrency = 1001 } }
    maintenance = { nightly = { description = "All", path = "/", schedule = "daily" } }
    network     = { database_cidr = "10.72.16.0/28" }
    senders     = { events_per_second = 0.5 }

    pseudonym_key_epoch    = 2
    pseudonym_key_previous = { version = "latest", since = "2026-03-02" }
  }

  expect_failures = [
    var.alerts,
    var.budget,
    var.cloudbuild,
    var.database,
    var.domain,
    var.events,
    var.functions,
    var.maintenance,
    var.network,
    var.pseudonym_key_previous,
    var.senders,
  ]
}

run "the_third_mistake_of_each" {
  command = plan

  variables {
    alerts      = { oldest_message_seconds = 1 }
    budget      = { amount = 100, billing_account = "012345-6789AB-CDEF01", currency = "euro" }
    database    = { tier = "db-custom-1-3000" }
    domain      = { name = "telemetry.example.com", rate_limit = { requests = 0 } }
    events      = { minimum_backoff_seconds = 60, maximum_backoff_seconds = 10 }
    functions   = { ingest = { cpu = "0.5" } }
    maintenance = { nightly = { description = "All", path = "migrate", schedule = "0 2 * * *" }, run = { description = "All", path = "/", schedule = "0 2 * * *" } }

    pseudonym_key_epoch    = 2
    pseudonym_key_previous = { version = "1", since = "2026-13-02" }
  }

  expect_failures = [
    var.alerts,
    var.budget,
    var.database,
    var.domain,
    var.events,
    var.functions,
    var.maintenance,
    var.pseudonym_key_previous,
  ]
}

run "the_fourth_mistake_of_each" {
  command = plan

  variables {
    dashboard = { viewers = ["team@example.com"] }
    database  = { version = "POSTGRES_14" }
    events    = { retention_days = 32 }
    functions = { ingest = { memory_mb = 128 } }

    pseudonym_key_previous = { version = "1", since = "2026-03-02" }
  }

  expect_failures = [
    var.dashboard,
    var.database,
    var.events,
    var.functions,
    var.pseudonym_key_previous,
  ]
}

run "the_fifth_mistake_of_each" {
  command = plan

  variables {
    dashboard = { viewers = ["allUsers"] }
    database  = { disk_size_gb = 200, disk_size_limit_gb = 100 }
    functions = { maintain = { timeout_seconds = 3601 } }
  }

  expect_failures = [
    var.dashboard,
    var.database,
    var.functions,
  ]
}

run "a_ban_too_short" {
  command = plan

  variables {
    domain = { name = "telemetry.example.com", rate_limit = { ban_seconds = 10 } }
  }

  expect_failures = [var.domain]
}

run "a_blocked_range_that_is_none" {
  command = plan

  variables {
    domain = { name = "telemetry.example.com", blocked_ranges = ["192.0.2.1.0/24"] }
  }

  expect_failures = [var.domain]
}

run "the_sixth_mistake_of_each" {
  command = plan

  variables {
    dashboard = { k_anonymity = 0 }
    database  = { max_connections = 5 }
    functions = { store = { database_pool_size = 0 } }
  }

  expect_failures = [
    var.dashboard,
    var.database,
    var.functions,
  ]
}

run "the_seventh_mistake_of_each" {
  command = plan

  variables {
    dashboard = { domain = "https://usage.example.com" }
    database  = { transaction_log_retention_days = 30 }
    domain    = { name = "telemetry.example.com" }
  }

  expect_failures = [
    var.dashboard,
    var.database,
  ]
}

run "the_eighth_mistake_of_each" {
  command = plan

  variables {
    dashboard = { domain = "usage.example.com" }
    database  = { maintenance_window = { day = 0 } }
  }

  expect_failures = [
    var.dashboard,
    var.database,
  ]
}

run "the_ninth_mistake_of_each" {
  command = plan

  variables {
    dashboard = { domain = "telemetry.example.com" }
    domain    = { name = "telemetry.example.com" }
  }

  expect_failures = [
    var.dashboard,
  ]
}

run "backups_that_outlive_requests_for_erasure" {
  command = plan

  variables {
    database = { backup_retained_count = 32 }
  }

  expect_failures = [
    var.database,
  ]
}

run "as_many_backups_as_requests_for_erasure_outlive" {
  command = plan

  variables {
    database = { backup_retained_count = 31 }
  }
}

run "more_connections_than_the_tier_takes" {
  command = plan

  variables {
    database  = { tier = "db-f1-micro" }
    functions = { store = { instance_count = { max = 10 } } }
  }

  expect_failures = [google_sql_database_instance.main]
}

run "as_many_connections_as_the_tier_takes" {
  command = plan

  variables {
    database  = { tier = "db-f1-micro" }
    functions = { store = { instance_count = { max = 5 } }, dashboard = { instance_count = { max = 2 }, database_pool_size = 2 }, maintain = { database_pool_size = 3 } }
  }

  assert {
    condition     = sum(values(local.function_connections)) == local.max_connections - local.reserved_connections
    error_message = "19 of 25 connections are for the functions."
  }
}

run "more_connections_by_a_flag" {
  command = plan

  variables {
    database  = { tier = "db-f1-micro", max_connections = 50 }
    functions = { store = { instance_count = { max = 10 } } }
  }

  assert {
    condition     = contains([for flag in google_sql_database_instance.main.settings[0].database_flags : "${flag.name}=${flag.value}"], "max_connections=50")
    error_message = "The flag raises the limit that is checked, and the database's."
  }
}

run "connections_of_the_tiers" {
  command = plan

  variables {
    database = { tier = "db-custom-2-7680" }
  }

  assert {
    condition     = local.tier_connections == 400
    error_message = "7.5 GB give 400 connections."
  }
}
