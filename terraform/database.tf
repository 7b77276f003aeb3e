locals {
  database_name = coalesce(var.database.name, var.prefix)

  # What Cloud SQL gives a tier when the flag max_connections isn't set.
  tier_memory_mb = startswith(var.database.tier, "db-custom-") ? tonumber(split("-", var.database.tier)[3]) : {
    db-f1-micro = 614
    db-g1-small = 1740
  }[var.database.tier]
  tier_connections = (
    local.tier_memory_mb < 1024 ? 25 :
    local.tier_memory_mb < 3840 ? 50 :
    local.tier_memory_mb < 6144 ? 100 :
    local.tier_memory_mb < 7680 ? 200 :
    local.tier_memory_mb < 15360 ? 400 : 500
  )
  max_connections = coalesce(var.database.max_connections, local.tier_connections)
  # Postgres keeps three for superusers, Cloud SQL's own agents use two, and an operator needs one.
  reserved_connections = 6
  function_connections = {
    for name in local.database_users : name =>
    local.functions[name].instance_count.max * local.functions[name].database_pool_size
  }
}

resource "google_sql_database_instance" "main" {
  #checkov:skip=CKV_GCP_79:A variable says the version, and its default is the newest.
  project             = var.project_id
  region              = var.region
  name                = local.database_name
  database_version    = var.database.version
  deletion_protection = var.deletion_protection

  settings {
    tier = var.database.tier
    # From Postgres 16 on the default is Enterprise Plus, which knows no small tiers.
    edition                     = "ENTERPRISE"
    availability_type           = var.database.availability_type
    connector_enforcement       = "REQUIRED"
    deletion_protection_enabled = var.deletion_protection
    disk_autoresize             = true
    disk_autoresize_limit       = var.database.disk_size_limit_gb
    disk_size                   = var.database.disk_size_gb
    disk_type                   = "PD_SSD"
    user_labels                 = local.labels

    backup_configuration {
      enabled                        = true
      location                       = var.region
      point_in_time_recovery_enabled = true
      start_time                     = "01:00"
      transaction_log_retention_days = var.database.transaction_log_retention_days

      backup_retention_settings {
        retained_backups = var.database.backup_retained_count
      }
    }

    dynamic "database_flags" {
      for_each = merge(
        {
          "cloudsql.iam_authentication" = "on"
          "log_checkpoints"             = "on"
          "log_lock_waits"              = "on"
          "log_temp_files"              = "0"
        },
        var.database.max_connections == null ? {} : { "max_connections" = tostring(var.database.max_connections) },
      )

      content {
        name  = database_flags.key
        value = database_flags.value
      }
    }

    insights_config {
      query_insights_enabled  = true
      query_string_length     = 2048
      record_application_tags = true
      record_client_address   = false
    }

    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.main.id
      ssl_mode        = "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"
    }

    maintenance_window {
      day          = var.database.maintenance_window.day
      hour         = var.database.maintenance_window.hour
      update_track = "stable"
    }
  }

  lifecycle {
    # The disk grows by itself.
    ignore_changes = [settings[0].disk_size]

    precondition {
      condition     = sum(values(local.function_connections)) <= local.max_connections - local.reserved_connections
      error_message = <<-EOT
        The functions may open more connections than the database takes: ${join(" + ", [for name, count in local.function_connections : "${name} ${local.functions[name].instance_count.max} instances × pool of ${local.functions[name].database_pool_size}"])} = ${sum(values(local.function_connections))}, but ${var.database.tier} takes ${local.max_connections}, of which ${local.reserved_connections} are reserved.
        Lower functions.*.instance_count.max or functions.*.database_pool_size, take a larger database.tier, or set database.max_connections.
      EOT
    }
  }

  depends_on = [google_service_networking_connection.database]
}

resource "google_sql_database" "telemetry" {
  project  = var.project_id
  instance = google_sql_database_instance.main.name
  name     = "telemetry"
  # Its tables belong to a user that may be gone first; both go with the instance.
  deletion_policy = "ABANDON"
}

# The functions log in by IAM, without a password. What each may do there, migrations grant: maintain owns the schema,
# store gets the role telemetry_writer, dashboard telemetry_dashboard, public telemetry_public, and var.database.readers
# telemetry_reader.
resource "google_sql_user" "functions" {
  for_each = toset(local.database_users)

  project  = var.project_id
  instance = google_sql_database_instance.main.name
  name     = trimsuffix(google_service_account.accounts[each.key].email, ".gserviceaccount.com")
  type     = "CLOUD_IAM_SERVICE_ACCOUNT"
  # A new user of this kind may log in and nothing else; this one makes the tables and the others' roles.
  database_roles  = each.key == "maintain" ? ["cloudsqlsuperuser"] : null
  deletion_policy = "ABANDON"
}

# For a person, on a bad day: no function can read its password.
resource "google_sql_user" "owner" {
  project             = var.project_id
  instance            = google_sql_database_instance.main.name
  name                = "telemetry_admin"
  password_wo         = ephemeral.random_password.owner.result
  password_wo_version = var.owner_password_version
  deletion_policy     = "ABANDON"
}

# These roles exist only for a project; the condition narrows them to one instance.
resource "google_project_iam_member" "database_client" {
  for_each = toset(local.database_users)

  project = var.project_id
  role    = "roles/cloudsql.client"
  member  = google_service_account.accounts[each.key].member

  condition {
    title      = "only-${local.database_name}"
    expression = local.only_this_database
  }
}

resource "google_project_iam_member" "database_login" {
  for_each = toset(local.database_users)

  project = var.project_id
  role    = "roles/cloudsql.instanceUser"
  member  = google_service_account.accounts[each.key].member

  condition {
    title      = "only-${local.database_name}"
    expression = local.only_this_database
  }
}

locals {
  only_this_database = "resource.service == \"sqladmin.googleapis.com\" && resource.name == \"projects/${var.project_id}/instances/${local.database_name}\""
}
