mock_resource "google_service_account" {
  defaults = {
    email  = "account@my-telemetry-project.iam.gserviceaccount.com"
    member = "serviceAccount:account@my-telemetry-project.iam.gserviceaccount.com"
    name   = "projects/my-telemetry-project/serviceAccounts/account@my-telemetry-project.iam.gserviceaccount.com"
  }
}

mock_resource "google_project_service_identity" {
  defaults = {
    member = "serviceAccount:service-123456789012@gcp-sa-agent.iam.gserviceaccount.com"
  }
}

mock_resource "google_certificate_manager_dns_authorization" {
  defaults = {
    dns_resource_record = [{
      name = "_acme-challenge.telemetry.example.com."
      type = "CNAME"
      data = "0123.authorize.certificatemanager.goog."
    }]
  }
}

mock_data "google_project" {
  defaults = {
    number = "123456789012"
  }
}

mock_resource "google_cloudfunctions2_function" {
  defaults = {
    service_config = {
      uri = "https://function-0123456789-ew.a.run.app"
    }
  }
}
