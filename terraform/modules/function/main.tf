resource "google_cloudfunctions2_function" "function" {
  project     = var.project_id
  location    = var.region
  name        = var.name
  description = "Rhesis Telemetry: ${var.entry_point}"
  labels      = var.labels

  build_config {
    docker_repository = var.build.repository
    entry_point       = var.entry_point
    runtime           = var.runtime
    service_account   = var.build.service_account

    source {
      storage_source {
        bucket = var.bundle.bucket
        object = var.bundle.object
      }
    }
  }

  service_config {
    all_traffic_on_latest_revision   = true
    available_cpu                    = var.function_config.cpu
    available_memory                 = "${var.function_config.memory_mb}M"
    direct_vpc_egress                = var.vpc == null ? null : "VPC_EGRESS_PRIVATE_RANGES_ONLY"
    ingress_settings                 = var.ingress_settings
    max_instance_count               = var.function_config.instance_count.max
    max_instance_request_concurrency = var.function_config.concurrency
    min_instance_count               = var.function_config.instance_count.min
    service_account_email            = var.service_account_email
    timeout_seconds                  = var.function_config.timeout_seconds

    # gunicorn has four threads by default; requests beyond its threads would wait inside the instance.
    environment_variables = merge(var.environment_variables, { THREADS = tostring(var.function_config.concurrency) })

    dynamic "direct_vpc_network_interface" {
      for_each = var.vpc == null ? [] : [var.vpc]

      content {
        network    = direct_vpc_network_interface.value.network
        subnetwork = direct_vpc_network_interface.value.subnetwork
      }
    }

    dynamic "secret_environment_variables" {
      for_each = var.secrets

      content {
        key        = secret_environment_variables.key
        project_id = var.project_id
        secret     = secret_environment_variables.value.secret
        version    = secret_environment_variables.value.version
      }
    }
  }
}

# A function of the second generation is a Cloud Run service of the same name; that is where it is invoked.
resource "google_cloud_run_v2_service_iam_member" "invokers" {
  for_each = var.invokers

  project  = var.project_id
  location = var.region
  name     = google_cloudfunctions2_function.function.name
  role     = "roles/run.invoker"
  member   = each.value
}

resource "google_cloud_run_v2_service_iam_member" "public" {
  count = var.public_access == "iam" ? 1 : 0

  project  = var.project_id
  location = var.region
  name     = google_cloudfunctions2_function.function.name
  role     = "roles/run.invoker"
  member   = "allUsers"
}

# The resource of a function has no argument for this, only that of a service has, and a function owns its service.
resource "terraform_data" "invoker_check_disabled" {
  count = var.public_access == "invoker_check_disabled" ? 1 : 0

  provisioner "local-exec" {
    command = "gcloud run services update '${google_cloudfunctions2_function.function.name}' --no-invoker-iam-check --region='${var.region}' --project='${var.project_id}' --quiet"
  }

  lifecycle {
    # A deployment may write the service anew.
    replace_triggered_by = [google_cloudfunctions2_function.function]
  }
}
