terraform {
  # 1.11 brought write-only arguments, which keep the secrets out of the state.
  required_version = ">= 1.11, < 2"

  required_providers {
    archive = {
      source  = "hashicorp/archive"
      version = "~> 2.7"
    }
    # 7.21 brought a function's direct VPC egress; 8 changes the default scheme of load balancers.
    google = {
      source  = "hashicorp/google"
      version = ">= 7.21, < 8"
    }
    google-beta = {
      source  = "hashicorp/google-beta"
      version = ">= 7.21, < 8"
    }
    random = {
      source  = "hashicorp/random"
      version = "~> 3.7"
    }
  }
}

provider "google" {
  project = var.project_id
  region  = var.region
}

# Only for the service agents, which the other provider can't make.
provider "google-beta" {
  project = var.project_id
  region  = var.region
}

# Budgets belong to the billing account; their API wants to know which project's quota a call counts against.
provider "google" {
  alias                 = "billing"
  project               = var.project_id
  billing_project       = var.project_id
  user_project_override = true
}
