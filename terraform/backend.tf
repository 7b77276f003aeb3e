# The bucket is named at `terraform init -backend-config=bucket=NAME`: it must exist before anything here does.
terraform {
  backend "gcs" {
    prefix = "rhesis-telemetry"
  }
}
