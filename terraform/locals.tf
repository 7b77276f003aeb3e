locals {
  labels = merge(var.labels, { app = "rhesis-telemetry", managed-by = "terraform" })

  patterns = {
    domain = "^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$"
  }

  # Each function's entry point is its name.
  functions = { for name, config in var.functions : name => config if name != "mirror" || var.bigquery != null }

  # Pub/Sub pushes events to these.
  readers = setintersection(["mirror", "store"], keys(local.functions))

  # These log in to the database.
  database_users = ["dashboard", "maintain", "public", "store"]

  # Everybody may call these.
  public_functions = ["ingest", "public"]

  dashboard_behind_iap = var.dashboard.domain != null
  source_root          = "${path.module}/.."
}
