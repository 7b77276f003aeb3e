# The build may replace the functions' code and read the rest, so that it sees a plan. A change of rights or of anything
# else that is planned fails there for lack of rights, and is applied by a person.
locals {
  deploy_roles = var.cloudbuild == null ? [] : concat(
    [
      "roles/artifactregistry.reader",
      "roles/browser",
      "roles/cloudfunctions.developer",
      "roles/cloudbuild.builds.viewer",
      "roles/cloudscheduler.viewer",
      "roles/cloudsql.viewer",
      "roles/compute.viewer",
      "roles/iam.securityReviewer",
      "roles/iam.serviceAccountViewer",
      "roles/logging.logWriter",
      "roles/logging.viewer",
      "roles/monitoring.viewer",
      "roles/pubsub.viewer",
      "roles/run.viewer",
      "roles/secretmanager.viewer",
      "roles/serviceusage.serviceUsageViewer",
    ],
    var.bigquery == null ? [] : ["roles/bigquery.metadataViewer"],
    var.domain == null ? [] : ["roles/certificatemanager.viewer"],
    try(var.domain.dns_zone, null) == null ? [] : ["roles/dns.reader"],
  )
}

resource "google_project_iam_member" "deploy" {
  for_each = toset(local.deploy_roles)

  project = var.project_id
  role    = each.value
  member  = google_service_account.accounts["deploy"].member
}

# To deploy a function is to let code run as its account.
resource "google_service_account_iam_member" "deploy_acts_as" {
  for_each = var.cloudbuild == null ? toset([]) : toset(concat(keys(local.functions), ["build"]))

  service_account_id = google_service_account.accounts[each.key].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.accounts["deploy"].member
}

resource "google_storage_bucket_iam_member" "deploy_writes_source" {
  for_each = var.cloudbuild == null ? toset([]) : toset(["roles/storage.legacyBucketReader", "roles/storage.objectUser"])

  bucket = google_storage_bucket.source.name
  role   = each.value
  member = google_service_account.accounts["deploy"].member
}

resource "google_storage_bucket_iam_member" "deploy_keeps_state" {
  count = var.cloudbuild == null ? 0 : 1

  bucket = var.cloudbuild.state_bucket
  role   = "roles/storage.objectUser"
  member = google_service_account.accounts["deploy"].member
}

# Each deployment turns the invoker check off anew.
resource "google_cloud_run_v2_service_iam_member" "deploy_opens" {
  for_each = toset(var.cloudbuild != null && var.public_access == "invoker_check_disabled" ? local.public_functions : [])

  project  = var.project_id
  location = var.region
  name     = module.function[each.key].name
  role     = "roles/run.admin"
  member   = google_service_account.accounts["deploy"].member
}

moved {
  from = google_cloud_run_v2_service_iam_member.deploy_opens_ingest[0]
  to   = google_cloud_run_v2_service_iam_member.deploy_opens["ingest"]
}

resource "google_cloudbuild_trigger" "deploy" {
  count = var.cloudbuild == null ? 0 : 1

  project         = var.project_id
  location        = split("/", var.cloudbuild.repository)[3] # where its connection is
  name            = "${var.prefix}-deploy"
  description     = "Test, migrate, apply and try ${var.cloudbuild.branch}"
  filename        = "cloudbuild.yaml"
  service_account = google_service_account.accounts["deploy"].id
  substitutions = merge(
    {
      _DEPLOY       = "true"
      _STATE_BUCKET = var.cloudbuild.state_bucket
      _TFVARS       = "gs://${var.cloudbuild.state_bucket}/terraform.tfvars"
    },
    var.cloudbuild.substitutions,
  )
  tags = [var.prefix]

  repository_event_config {
    repository = var.cloudbuild.repository

    push {
      branch = var.cloudbuild.branch
    }
  }

  depends_on = [google_project_iam_member.deploy]
}
