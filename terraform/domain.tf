locals {
  frontends = merge(
    var.domain == null ? {} : { ingest = var.domain.name },
    local.dashboard_behind_iap ? { dashboard = var.dashboard.domain } : {},
  )
  # What has a name of its own, and public, which has paths below that of ingest.
  backends      = var.domain == null ? [] : concat(keys(local.frontends), ["public"])
  url_map_names = ["${var.prefix}-https", "${var.prefix}-redirect"]

  addresses = var.domain == null ? {} : { ipv4 = "IPV4", ipv6 = "IPV6" }
  dns_records = var.domain == null || try(var.domain.dns_zone, null) == null ? {} : merge([
    for name, domain in local.frontends : {
      "${name}-a"    = { name = "${domain}.", type = "A", data = google_compute_global_address.frontend["ipv4"].address }
      "${name}-aaaa" = { name = "${domain}.", type = "AAAA", data = google_compute_global_address.frontend["ipv6"].address }
      "${name}-authorization" = {
        name = google_certificate_manager_dns_authorization.frontends[name].dns_resource_record[0].name
        type = google_certificate_manager_dns_authorization.frontends[name].dns_resource_record[0].type
        data = google_certificate_manager_dns_authorization.frontends[name].dns_resource_record[0].data
      }
    }
  ]...)
}

resource "google_compute_global_address" "frontend" {
  for_each = local.addresses

  project    = var.project_id
  name       = "${var.prefix}-${each.key}"
  ip_version = each.value
  labels     = local.labels

  depends_on = [google_project_service.apis]
}

resource "google_compute_region_network_endpoint_group" "frontends" {
  for_each = toset(local.backends)

  project               = var.project_id
  region                = var.region
  name                  = "${var.prefix}-${each.key}"
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = module.function[each.key].name
  }
}

resource "google_compute_security_policy" "rate_limit" {
  #checkov:skip=CKV_GCP_73:Nothing behind it runs Java, and each rule costs.
  count = var.domain == null ? 0 : 1

  project     = var.project_id
  name        = "${var.prefix}-rate-limit"
  labels      = local.labels
  description = "Bounds what one client address may send"

  dynamic "rule" {
    for_each = length(var.domain.blocked_ranges) == 0 ? [] : [var.domain.blocked_ranges]

    content {
      action      = "deny(403)"
      priority    = 500
      description = "Addresses that are blocked"

      match {
        versioned_expr = "SRC_IPS_V1"

        config {
          src_ip_ranges = rule.value
        }
      }
    }
  }

  # Whoever exceeds the limit is refused what exceeds it, and whoever exceeds it tenfold, everything for a while.
  rule {
    action      = "rate_based_ban"
    priority    = 1000
    description = "At most ${var.domain.rate_limit.requests} requests in ${var.domain.rate_limit.interval_seconds} seconds from one address"

    match {
      versioned_expr = "SRC_IPS_V1"

      config {
        src_ip_ranges = ["*"]
      }
    }

    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"

      ban_duration_sec = var.domain.rate_limit.ban_seconds

      rate_limit_threshold {
        count        = var.domain.rate_limit.requests
        interval_sec = var.domain.rate_limit.interval_seconds
      }

      ban_threshold {
        count        = 10 * var.domain.rate_limit.requests
        interval_sec = var.domain.rate_limit.interval_seconds
      }
    }
  }

  rule {
    action      = "allow"
    priority    = 2147483647
    description = "Everything else"

    match {
      versioned_expr = "SRC_IPS_V1"

      config {
        src_ip_ranges = ["*"]
      }
    }
  }

  depends_on = [google_project_service.apis]
}

resource "google_compute_backend_service" "frontends" {
  for_each = toset(local.backends)

  project               = var.project_id
  name                  = "${var.prefix}-${each.key}"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"
  security_policy       = google_compute_security_policy.rate_limit[0].id

  backend {
    group = google_compute_region_network_endpoint_group.frontends[each.key].id
  }

  # Its request log would hold client addresses.
  log_config {
    enable = false
  }

  iap {
    enabled = each.key == "dashboard"
  }
}

resource "google_compute_url_map" "https" {
  count = var.domain == null ? 0 : 1

  project         = var.project_id
  name            = local.url_map_names[0]
  default_service = google_compute_backend_service.frontends["ingest"].id

  host_rule {
    hosts        = [var.domain.name]
    path_matcher = "ingest"
  }

  path_matcher {
    name            = "ingest"
    default_service = google_compute_backend_service.frontends["ingest"].id

    path_rule {
      paths   = ["/assets/*", "/erasures/*", "/public"]
      service = google_compute_backend_service.frontends["public"].id
    }
  }

  dynamic "host_rule" {
    for_each = local.dashboard_behind_iap ? [var.dashboard.domain] : []

    content {
      hosts        = [host_rule.value]
      path_matcher = "dashboard"
    }
  }

  dynamic "path_matcher" {
    for_each = local.dashboard_behind_iap ? ["dashboard"] : []

    content {
      name            = path_matcher.value
      default_service = google_compute_backend_service.frontends[path_matcher.value].id
    }
  }
}

resource "google_compute_url_map" "redirect" {
  count = var.domain == null ? 0 : 1

  project = var.project_id
  name    = local.url_map_names[1]

  # 308: a client repeats a POST as it was.
  default_url_redirect {
    https_redirect         = true
    redirect_response_code = "PERMANENT_REDIRECT"
    strip_query            = false
  }

  depends_on = [google_project_service.apis]
}

# An authorization by DNS lets the certificate be issued before the name points here.
resource "google_certificate_manager_dns_authorization" "frontends" {
  for_each = local.frontends

  project = var.project_id
  name    = "${var.prefix}-${each.key}"
  domain  = each.value
  labels  = local.labels

  depends_on = [google_project_service.apis]
}

resource "google_certificate_manager_certificate" "frontends" {
  for_each = local.frontends

  project = var.project_id
  name    = "${var.prefix}-${each.key}"
  labels  = local.labels

  managed {
    domains            = [each.value]
    dns_authorizations = [google_certificate_manager_dns_authorization.frontends[each.key].id]
  }
}

resource "google_certificate_manager_certificate_map" "frontend" {
  count = var.domain == null ? 0 : 1

  project = var.project_id
  name    = "${var.prefix}-frontend"
  labels  = local.labels

  depends_on = [google_project_service.apis]
}

resource "google_certificate_manager_certificate_map_entry" "frontends" {
  for_each = local.frontends

  project      = var.project_id
  name         = "${var.prefix}-${each.key}"
  map          = google_certificate_manager_certificate_map.frontend[0].name
  certificates = [google_certificate_manager_certificate.frontends[each.key].id]
  hostname     = each.value
  labels       = local.labels
}

resource "google_compute_ssl_policy" "modern" {
  count = var.domain == null ? 0 : 1

  project         = var.project_id
  name            = "${var.prefix}-modern"
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"

  depends_on = [google_project_service.apis]
}

resource "google_compute_target_https_proxy" "https" {
  count = var.domain == null ? 0 : 1

  project         = var.project_id
  name            = "${var.prefix}-https"
  url_map         = google_compute_url_map.https[0].id
  certificate_map = "//certificatemanager.googleapis.com/${google_certificate_manager_certificate_map.frontend[0].id}"
  ssl_policy      = google_compute_ssl_policy.modern[0].id

  depends_on = [google_certificate_manager_certificate_map_entry.frontends]
}

resource "google_compute_target_http_proxy" "redirect" {
  count = var.domain == null ? 0 : 1

  project = var.project_id
  name    = "${var.prefix}-redirect"
  url_map = google_compute_url_map.redirect[0].id
}

resource "google_compute_global_forwarding_rule" "https" {
  for_each = local.addresses

  project               = var.project_id
  name                  = "${var.prefix}-https-${each.key}"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.frontend[each.key].id
  port_range            = "443"
  target                = google_compute_target_https_proxy.https[0].id
  labels                = local.labels

  depends_on = [google_logging_project_exclusion.load_balancer]
}

resource "google_compute_global_forwarding_rule" "redirect" {
  for_each = local.addresses

  project               = var.project_id
  name                  = "${var.prefix}-redirect-${each.key}"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.frontend[each.key].id
  port_range            = "80"
  target                = google_compute_target_http_proxy.redirect[0].id
  labels                = local.labels

  depends_on = [google_logging_project_exclusion.load_balancer]
}

resource "google_dns_record_set" "frontends" {
  for_each = local.dns_records

  project      = var.project_id
  managed_zone = var.domain.dns_zone
  name         = each.value.name
  type         = each.value.type
  ttl          = 300
  rrdatas      = [each.value.data]
}
