locals {
  gateway_name = "${var.prefix}-gateway"
  # No queue and no batches: a sender is answered once ingest has answered, so that nothing is lost with an instance.
  gateway_pipeline = { receivers = ["otlp"], exporters = ["otlp_http"] }
  gateway_config = {
    receivers = { otlp = { protocols = { grpc = { endpoint = "0.0.0.0:4317", max_recv_msg_size_mib = 8 } } } }
    exporters = {
      otlp_http = {
        compression      = "gzip"
        endpoint         = module.function["ingest"].uri
        retry_on_failure = { enabled = false }
        sending_queue    = { enabled = false }
        timeout          = "20s"
      }
    }
    service = {
      pipelines = { logs = local.gateway_pipeline, traces = local.gateway_pipeline }
      telemetry = { logs = { level = "warn" }, metrics = { level = "none" } }
    }
  }
}

resource "google_cloud_run_v2_service" "gateway" {
  count = var.gateway == null ? 0 : 1

  project             = var.project_id
  location            = var.region
  name                = local.gateway_name
  description         = "Rhesis Telemetry: OTLP/gRPC in, OTLP/HTTP out to ingest"
  labels              = local.labels
  ingress             = "INGRESS_TRAFFIC_ALL"
  deletion_protection = false
  # Senders of telemetry have no Google identity. Unlike a grant to allUsers, no organization policy forbids this.
  invoker_iam_disabled = true

  template {
    service_account                  = google_service_account.accounts["gateway"].email
    max_instance_request_concurrency = 80
    timeout                          = "30s"
    labels                           = local.labels

    scaling {
      min_instance_count = var.gateway.instance_count.min
      max_instance_count = var.gateway.instance_count.max
    }

    # Through the network, it reaches ingest also where only the load balancer and internal callers may.
    vpc_access {
      egress = "ALL_TRAFFIC"

      network_interfaces {
        network    = google_compute_network.main.id
        subnetwork = google_compute_subnetwork.functions.id
      }
    }

    containers {
      image = var.gateway.image
      args  = ["--config=env:COLLECTOR_CONFIG"]

      env {
        name  = "COLLECTOR_CONFIG"
        value = yamlencode(local.gateway_config)
      }

      # h2c: gRPC needs HTTP/2 end to end.
      ports {
        name           = "h2c"
        container_port = 4317
      }

      resources {
        cpu_idle          = true
        startup_cpu_boost = true
        limits            = { cpu = "1", memory = "512Mi" }
      }
    }
  }

  depends_on = [google_logging_project_exclusion.requests]
}
