# Everything that can be turned on.
project_id = "my-telemetry-project"
region     = "europe-west1"
prefix     = "rhesis"
labels     = { team = "platform", environment = "production" }

# A domain of our own, whose zone is in the project; the dashboard under another, behind Identity-Aware Proxy.
domain = {
  name       = "telemetry.example.com"
  dns_zone   = "example-com"
  rate_limit = { requests = 1200 }
}
dashboard = {
  domain      = "usage.example.com"
  k_anonymity = 10
  public_page = true
  viewers     = ["group:product@example.com"]
}
gateway = {}

bigquery = {
  location                  = "EU"
  looker_studio_template_id = "0a1b2c3d-0000-0000-0000-000000000000"
  viewers                   = ["group:analysts@example.com"]
}
retention_months = 12

database = {
  availability_type = "REGIONAL"
  disk_size_gb      = 50
  tier              = "db-custom-4-15360"
}
functions = {
  ingest   = { instance_count = { min = 1, max = 50 } }
  store    = { concurrency = 32, database_pool_size = 4, instance_count = { min = 1, max = 20 } }
  maintain = { memory_mb = 2048 }
}

notification_emails = ["oncall@example.com"]
budget              = { amount = 800, billing_account = "012345-6789AB-CDEF01", currency = "EUR" }

cloudbuild = {
  repository   = "projects/my-telemetry-project/locations/europe-west1/connections/github/repositories/telemetry"
  state_bucket = "my-telemetry-project-terraform"
}
