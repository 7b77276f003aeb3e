# Ephemeral values go to write-only arguments: neither the plan nor the state ever holds them. A new value is made at
# every run, but it is sent only when the version rises.
ephemeral "random_password" "pseudonym_key" {
  length           = 64
  lower            = false
  numeric          = false
  upper            = false
  special          = true
  override_special = "0123456789abcdef"
}

ephemeral "random_password" "owner" {
  length  = 40
  special = false
}

resource "google_secret_manager_secret" "pseudonym_key" {
  project   = var.project_id
  secret_id = "${var.prefix}-pseudonym-key"
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

resource "google_secret_manager_secret_version" "pseudonym_key" {
  secret                 = google_secret_manager_secret.pseudonym_key.id
  secret_data_wo         = ephemeral.random_password.pseudonym_key.result
  secret_data_wo_version = var.pseudonym_key_epoch
  # A rotated key is needed for as long as it overlaps with the next; it is destroyed by hand, for ever (docs/keys.md).
  deletion_policy = "ABANDON"

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_secret_manager_secret_iam_member" "ingest_reads_pseudonym_key" {
  project   = var.project_id
  secret_id = google_secret_manager_secret.pseudonym_key.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.accounts["ingest"].member
}

resource "google_secret_manager_secret" "owner_password" {
  project   = var.project_id
  secret_id = "${var.prefix}-database-owner-password"
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

resource "google_secret_manager_secret_version" "owner_password" {
  secret                 = google_secret_manager_secret.owner_password.id
  secret_data_wo         = ephemeral.random_password.owner.result
  secret_data_wo_version = var.owner_password_version

  # The database first: it is what may fail, and the next run would send another value.
  depends_on = [google_sql_user.owner]
}
