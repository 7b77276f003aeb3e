# All that must be said, and the smallest database that Cloud SQL has.
project_id = "my-telemetry-project"
region     = "europe-west1"

database = { tier = "db-f1-micro" }
