resource "google_compute_network" "main" {
  #checkov:skip=CKV2_GCP_18:Nothing listens in it; without a rule no ingress is allowed.
  project                 = var.project_id
  name                    = "${var.prefix}-network"
  auto_create_subnetworks = false

  depends_on = [google_project_service.apis]
}

resource "google_compute_subnetwork" "functions" {
  #checkov:skip=CKV_GCP_26:Flow logs hold addresses, and nothing but functions and the database meets here.
  project                  = var.project_id
  region                   = var.region
  name                     = "${var.prefix}-functions"
  network                  = google_compute_network.main.id
  ip_cidr_range            = var.network.subnet_cidr
  private_ip_google_access = true
}

# Where Cloud SQL, in a network of Google's own that is peered with ours, takes its address from.
resource "google_compute_global_address" "database" {
  project       = var.project_id
  name          = "${var.prefix}-database"
  labels        = local.labels
  network       = google_compute_network.main.id
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  address       = cidrhost(var.network.database_cidr, 0)
  prefix_length = tonumber(split("/", var.network.database_cidr)[1])
}

resource "google_service_networking_connection" "database" {
  network                 = google_compute_network.main.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.database.name]
  # The service refuses to end a peering for days after the database is gone; it goes with the network.
  deletion_policy = "ABANDON"

  depends_on = [google_project_service.apis]
}
