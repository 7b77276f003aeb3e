# The hashes of the API keys, which tell nothing of the keys; in a secret all the same, since they say who may claim what.
locals {
  api_keys = join(",", [for name, hash in var.api_keys : "${name}=${hash}"])
}

resource "google_secret_manager_secret" "api_keys" {
  count = length(var.api_keys) == 0 ? 0 : 1

  project   = var.project_id
  secret_id = "${var.prefix}-api-keys"
  labels    = local.labels

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  depends_on = [google_project_service.apis]
}

# Another list is another version, which ingest is deployed with: a key that is revoked is refused from then on.
resource "google_secret_manager_secret_version" "api_keys" {
  count = length(var.api_keys) == 0 ? 0 : 1

  secret                 = google_secret_manager_secret.api_keys[0].id
  secret_data_wo         = local.api_keys
  secret_data_wo_version = parseint(substr(sha256(local.api_keys), 0, 8), 16)

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_secret_manager_secret_iam_member" "ingest_reads_api_keys" {
  count = length(var.api_keys) == 0 ? 0 : 1

  project   = var.project_id
  secret_id = google_secret_manager_secret.api_keys[0].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.accounts["ingest"].member
}
