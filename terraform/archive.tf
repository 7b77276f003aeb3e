locals {
  # functions/ is the archive's root, and maintain finds the migrations beside main.py.
  source_files = merge(
    { for file in fileset("${local.source_root}/functions", "**") : file => "${local.source_root}/functions/${file}" },
    { for file in fileset("${local.source_root}/migrations", "**") : "migrations/${file}" => "${local.source_root}/migrations/${file}" },
  )
  archived_files = {
    for target, file in local.source_files : target => file
    if !can(regex("(^|/)([.]|__pycache__/|[^/]+[.]egg-info/)|[.]pyc$", target))
  }
  # Of the contents, not of the archive: two versions of the archive provider may pack the same files into other bytes.
  source_hash = substr(sha256(join("\n", [for target, file in local.archived_files : "${target} ${filesha256(file)}"])), 0, 16)
}

data "archive_file" "source" {
  type        = "zip"
  output_path = "${path.module}/build/source-${local.source_hash}.zip"

  # All files are text: `file` refuses any other.
  dynamic "source" {
    for_each = local.archived_files

    content {
      filename = source.key
      content  = file(source.value)
    }
  }
}

resource "google_storage_bucket" "source" {
  #checkov:skip=CKV_GCP_62:It holds code that is public, and access to it is in the audit log.
  project                     = var.project_id
  name                        = "${var.project_id}-${var.prefix}-source"
  location                    = var.region
  labels                      = local.labels
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  # It holds nothing but archives of code that is in a repository.
  force_destroy = true

  versioning {
    enabled = true
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = 30
    }
  }

  depends_on = [google_project_service.apis]
}

resource "google_storage_bucket_object" "source" {
  bucket = google_storage_bucket.source.name
  name   = "source-${local.source_hash}.zip"
  source = data.archive_file.source.output_path

  lifecycle {
    # The name says what is in it.
    ignore_changes = [detect_md5hash, source]
  }
}

resource "google_artifact_registry_repository" "functions" {
  project       = var.project_id
  location      = var.region
  repository_id = "${var.prefix}-functions"
  description   = "Images that the functions are built into"
  format        = "DOCKER"
  labels        = local.labels

  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"

    most_recent_versions {
      keep_count = 5
    }
  }

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"

    condition {
      older_than = "${30 * 86400}s"
    }
  }

  depends_on = [google_project_service.apis]
}

resource "google_artifact_registry_repository_iam_member" "build_writes_images" {
  project    = var.project_id
  location   = var.region
  repository = google_artifact_registry_repository.functions.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.accounts["build"].member
}

resource "google_storage_bucket_iam_member" "build_reads_source" {
  bucket = google_storage_bucket.source.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.accounts["build"].member
}

# Cloud Functions copies the archive to a bucket of its own, which exists only after the first deployment.
resource "google_project_iam_member" "build_reads_copied_source" {
  project = var.project_id
  role    = "roles/storage.objectViewer"
  member  = google_service_account.accounts["build"].member

  condition {
    title      = "only-sources-of-functions"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-\")"
  }
}

# There is no smaller place to write logs to than the project.
resource "google_project_iam_member" "build_writes_logs" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = google_service_account.accounts["build"].member
}
