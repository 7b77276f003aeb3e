# What is there when everything is turned on.

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
  prefix     = "rhesis"
  domain     = { name = "telemetry.example.com", dns_zone = "example-com" }
  dashboard  = { domain = "usage.example.com", viewers = ["group:product@example.com"] }
  gateway    = {}
  bigquery   = { viewers = ["group:analysts@example.com"], looker_studio_template_id = "template" }
  budget     = { amount = 100, billing_account = "012345-6789AB-CDEF01" }
  cloudbuild = {
    repository   = "projects/my-telemetry-project/locations/europe-west1/connections/github/repositories/telemetry"
    state_bucket = "my-telemetry-project-terraform"
  }
  notification_emails = ["oncall@example.com"]
}

run "plan" {
  command = plan

  assert {
    condition     = toset(keys(module.function)) == toset(["dashboard", "ingest", "maintain", "mirror", "public", "store"])
    error_message = "There are six functions."
  }

  assert {
    condition     = toset(keys(google_pubsub_subscription.events)) == toset(["mirror", "store"])
    error_message = "Each reader has a subscription of its own: one that fails never holds up the other."
  }
}

run "bigquery" {
  command = plan

  assert {
    condition     = toset(keys(google_bigquery_table.events)) == toset([for file in fileset("${path.root}/../schemas/bigquery", "*.json") : trimsuffix(file, ".json")]) && length(google_bigquery_table.events) > 0
    error_message = "There is a table for each of schemas/bigquery."
  }

  assert {
    condition     = alltrue([for name in ["maintain", "mirror"] : contains(keys(module.function[name].function.service_config[0].environment_variables), "RHESIS_BIGQUERY_DATASET")])
    error_message = "Whoever writes to BigQuery knows where it is."
  }

  assert {
    condition     = alltrue([for table in google_bigquery_table.events : table.require_partition_filter && table.time_partitioning[0].field == "timestamp" && table.time_partitioning[0].expiration_ms == 366 * 86400 * 1000 && table.deletion_protection])
    error_message = "The tables are partitioned by day, lose what is older than twelve months, and can't be deleted by accident."
  }

  assert {
    condition     = length(google_bigquery_table.history[0].time_partitioning) == 0 && google_bigquery_table.first_days[0].time_partitioning[0].field == "last_day" && google_bigquery_table.first_days[0].time_partitioning[0].expiration_ms == 366 * 86400 * 1000
    error_message = "What was counted stays, and nobody is known for longer than the events of their last day."
  }

  assert {
    condition     = google_bigquery_dataset.events[0].max_time_travel_hours == "48" && [for binding in google_bigquery_dataset_iam_member.views_readers : binding.dataset_id] == [google_bigquery_dataset.views[0].dataset_id]
    error_message = "What is erased is gone soon, and viewers read the views' dataset, never the events'."
  }

  assert {
    condition     = toset(concat(keys(google_bigquery_table.views), keys(google_bigquery_routine.functions))) == toset([for file in fileset("${path.root}/../functions/telemetry_pipeline/analytics/bigquery", "*.sql") : trimsuffix(file, ".sql")])
    error_message = "There is a view or a table function for each question."
  }

  assert {
    condition = alltrue(flatten([
      for sql in concat(values(local.bigquery_views), values(local.bigquery_functions)) : [
        for name in regexall("`([^`]+)`", sql) : contains([
          for table in concat(keys(google_bigquery_table.events), google_bigquery_table.history[*].table_id, google_bigquery_table.first_days[*].table_id, google_bigquery_table.pseudonym_links[*].table_id) : "my-telemetry-project.rhesis_events.${table}"
        ], name[0])
      ]
    ]))
    error_message = "What viewers see is made of the tables alone: a view of a view would need a right of its own."
  }

  assert {
    condition     = { for name, view in google_bigquery_table.operators_views : name => view.dataset_id } == { sending_anomalies = google_bigquery_dataset.events[0].dataset_id } && !contains(keys(google_bigquery_table.views), "sending_anomalies")
    error_message = "What tells installations apart is not where viewers read."
  }

  assert {
    condition     = alltrue([for name, sql in merge(local.bigquery_views, local.bigquery_functions) : startswith(name, "endpoint_") || strcontains(sql, "between 1 and 5 - 1") || strcontains(sql, "cast(null as int64) as users")])
    error_message = "What viewers see of people hides groups smaller than k."
  }
}

run "domain" {
  command = plan

  assert {
    condition     = toset(keys(google_compute_global_forwarding_rule.https)) == toset(["ipv4", "ipv6"]) && google_compute_global_address.frontend["ipv6"].ip_version == "IPV6"
    error_message = "The load balancer answers over IPv4 and IPv6."
  }

  assert {
    condition     = alltrue([for rule in concat(values(google_compute_global_forwarding_rule.https), values(google_compute_global_forwarding_rule.redirect)) : rule.load_balancing_scheme == "EXTERNAL_MANAGED"]) && google_compute_url_map.redirect[0].default_url_redirect[0].https_redirect
    error_message = "HTTP is redirected to HTTPS."
  }

  assert {
    condition     = [for rule in google_compute_security_policy.rate_limit[0].rule : rule.rate_limit_options[0].enforce_on_key if rule.action == "rate_based_ban"] == ["IP"]
    error_message = "What one client address may send is bounded."
  }

  assert {
    condition     = [for rule in google_compute_security_policy.rate_limit[0].rule : [rule.rate_limit_options[0].rate_limit_threshold[0].count, rule.rate_limit_options[0].exceed_action, rule.rate_limit_options[0].ban_threshold[0].count, rule.rate_limit_options[0].ban_duration_sec] if rule.action == "rate_based_ban"] == [[600, "deny(429)", 6000, 600]]
    error_message = "An address that exceeds the limit is told so, and one that exceeds it tenfold is banned for ten minutes."
  }

  assert {
    condition     = length([for rule in google_compute_security_policy.rate_limit[0].rule : rule if rule.action == "deny(403)"]) == 0
    error_message = "Nobody is blocked unless it is said who."
  }

  assert {
    condition     = toset([for name, function in module.function : name if function.function.service_config[0].ingress_settings == "ALLOW_INTERNAL_AND_GCLB"]) == toset(["dashboard", "ingest", "public"])
    error_message = "Behind the load balancer, the functions' own URLs are closed."
  }

  assert {
    condition     = [for name, backend in google_compute_backend_service.frontends : name if backend.iap[0].enabled] == ["dashboard"] && [for binding in google_iap_web_backend_service_iam_member.dashboard_viewers : binding.member] == ["group:product@example.com"]
    error_message = "The dashboard is behind Identity-Aware Proxy for its viewers, ingest and public are not."
  }

  assert {
    condition     = { for matcher in google_compute_url_map.https[0].path_matcher : matcher.name => join(" ", flatten([for rule in matcher.path_rule : sort(rule.paths)])) } == { dashboard = "", ingest = "/assets/* /erasures/* /public" } && keys(google_compute_backend_service.frontends) == ["dashboard", "ingest", "public"]
    error_message = "Receipts and the public page are below the endpoint's name, and all else there is ingest's."
  }

  assert {
    condition     = { for rule in google_compute_url_map.https[0].host_rule : rule.path_matcher => join(" ", rule.hosts) } == { dashboard = "usage.example.com", ingest = "telemetry.example.com" } && keys(google_certificate_manager_certificate.frontends) == ["dashboard", "ingest"]
    error_message = "Each name leads to its function, and has its certificate."
  }

  assert {
    condition     = output.receipts_url == "https://telemetry.example.com/erasures/" && alltrue([for name in ["dashboard", "public"] : module.function[name].function.service_config[0].environment_variables["RHESIS_OTLP_URL"] == "https://telemetry.example.com" && module.function[name].function.service_config[0].environment_variables["RHESIS_PUBLIC_PAGE"] == "false"])
    error_message = "Pages know where the contract is, and the public one is off."
  }

  assert {
    condition     = output.otlp_endpoint == "https://telemetry.example.com" && output.environment.OTEL_EXPORTER_OTLP_ENDPOINT == output.otlp_endpoint && length(google_dns_record_set.frontends) == 6
    error_message = "Apps are told the domain, and its records are made."
  }
}

run "addresses_that_are_blocked" {
  command = plan

  variables {
    domain = { name = "telemetry.example.com", blocked_ranges = ["192.0.2.0/24", "2001:db8::/32"], rate_limit = { requests = 50, ban_seconds = 60 } }
  }

  assert {
    condition     = { for rule in google_compute_security_policy.rate_limit[0].rule : rule.action => toset(rule.match[0].config[0].src_ip_ranges) if rule.priority < 1000 } == { "deny(403)" = toset(["192.0.2.0/24", "2001:db8::/32"]) }
    error_message = "They are refused before anything else is decided."
  }

  assert {
    condition     = [for rule in google_compute_security_policy.rate_limit[0].rule : [rule.rate_limit_options[0].rate_limit_threshold[0].count, rule.rate_limit_options[0].ban_threshold[0].count, rule.rate_limit_options[0].ban_duration_sec] if rule.priority == 1000] == [[50, 500, 60]]
    error_message = "The limit and the ban are those that are set."
  }
}

run "senders" {
  command = plan

  variables {
    api_keys = { backend = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }
    senders  = { blocked_installations = ["0123456789abcdef0123456789abcdef"], burst_events = 1000, events_per_second = 10 }
  }

  assert {
    condition     = [for name, text in module.function["ingest"].function.service_config[0].environment_variables : text if contains(["RHESIS_BLOCKED_INSTALLATIONS", "RHESIS_QUOTA_BURST_EVENTS", "RHESIS_QUOTA_EVENTS_PER_SECOND"], name)] == ["0123456789abcdef0123456789abcdef", "1000", "10"]
    error_message = "ingest knows who is blocked, and how much it takes of one sender."
  }

  assert {
    condition     = toset([for one in module.function["ingest"].function.service_config[0].secret_environment_variables : one.key]) == toset(["RHESIS_API_KEYS", "RHESIS_PSEUDONYM_KEY"]) && google_secret_manager_secret_iam_member.ingest_reads_api_keys[0].member == google_service_account.accounts["ingest"].member
    error_message = "ingest alone reads the hashes of the API keys."
  }

  assert {
    condition     = google_secret_manager_secret_version.api_keys[0].secret_data_wo_version == parseint(substr(sha256("backend=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), 0, 8), 16)
    error_message = "Another list of keys is another version, so that a revoked key is refused."
  }
}

run "gateway" {
  command = plan

  assert {
    condition     = local.gateway_config.exporters.otlp_http.endpoint == module.function["ingest"].uri && !local.gateway_config.exporters.otlp_http.sending_queue.enabled && [for variable in google_cloud_run_v2_service.gateway[0].template[0].containers[0].env : yamldecode(variable.value) if variable.name == "COLLECTOR_CONFIG"] == [local.gateway_config]
    error_message = "The gateway passes on to ingest, and answers only once ingest has."
  }

  assert {
    condition     = google_cloud_run_v2_service.gateway[0].template[0].containers[0].ports[0].name == "h2c" && google_cloud_run_v2_service.gateway[0].template[0].vpc_access[0].egress == "ALL_TRAFFIC"
    error_message = "The gateway speaks HTTP/2 and reaches ingest through the network, where internal callers are let in."
  }
}

run "cloud_build" {
  command = plan

  assert {
    condition     = google_cloudbuild_trigger.deploy[0].substitutions == tomap({ _DEPLOY = "true", _STATE_BUCKET = "my-telemetry-project-terraform", _TFVARS = "gs://my-telemetry-project-terraform/terraform.tfvars" }) && google_cloudbuild_trigger.deploy[0].filename == "cloudbuild.yaml"
    error_message = "The trigger says that it deploys, and where state and variables are."
  }

  assert {
    condition     = google_storage_bucket_iam_member.deploy_keeps_state[0].bucket == "my-telemetry-project-terraform" && google_cloudbuild_trigger.deploy[0].location == "europe-west1"
    error_message = "The build keeps the state, and runs where its repository is connected."
  }
}

run "without_a_domain_the_dashboard_is_behind_iam" {
  command = plan

  variables {
    domain    = null
    dashboard = { viewers = ["group:product@example.com"] }
  }

  assert {
    condition     = module.function["dashboard"].invokers == ["group:product@example.com"] && module.function["dashboard"].function.service_config[0].ingress_settings == "ALLOW_ALL"
    error_message = "Its viewers may invoke the dashboard, and nobody else may."
  }

  assert {
    condition     = contains(module.function["public"].invokers, "allUsers") && module.function["public"].function.service_config[0].ingress_settings == "ALLOW_ALL" && output.receipts_url == "${module.function["public"].uri}/erasures/" && !contains(keys(module.function["public"].function.service_config[0].environment_variables), "RHESIS_OTLP_URL")
    error_message = "Receipts are at the function's own URL."
  }
}

run "the_public_page" {
  command = plan

  variables {
    dashboard = { k_anonymity = 10, public_page = true }
  }

  assert {
    condition     = alltrue([for name in ["dashboard", "public"] : module.function[name].function.service_config[0].environment_variables["RHESIS_PUBLIC_PAGE"] == "true" && module.function[name].function.service_config[0].environment_variables["RHESIS_K_ANONYMITY"] == "10"])
    error_message = "It is shown where it is turned on, and hides what the dashboard hides."
  }
}
