variable "alerts" {
  description = "Thresholds of the alert policies, and the goals of the SLOs: the share of requests that ingest answers, of times at which no event waits longer than freshness_seconds to be stored, and of messages that are stored and not given up. runbook is where docs/operations.md can be read: each alert names its entry there."
  type = object({
    availability_goal      = optional(number, 0.999)
    database_connections   = optional(number, 0.8)
    database_cpu           = optional(number, 0.9)
    database_disk          = optional(number, 0.85)
    error_log_entries      = optional(number, 5)
    freshness_goal         = optional(number, 0.99)
    freshness_seconds      = optional(number, 60)
    ingest_error_ratio     = optional(number, 0.05)
    loss_goal              = optional(number, 0.9999)
    oldest_message_seconds = optional(number, 900)
    runbook                = optional(string, "docs/operations.md")
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for goal in [var.alerts.availability_goal, var.alerts.freshness_goal, var.alerts.loss_goal] : goal > 0.5 && goal < 1
    ])
    error_message = "The goals availability_goal, freshness_goal and loss_goal of alerts are shares: write 0.999 for 99.9 %."
  }
  validation {
    condition = alltrue([
      for share in [
        var.alerts.database_connections, var.alerts.database_cpu, var.alerts.database_disk, var.alerts.ingest_error_ratio,
      ] : share > 0 && share <= 1
    ])
    error_message = "The thresholds database_connections, database_cpu, database_disk and ingest_error_ratio of alerts are shares: write 0.85 for 85 %."
  }
  validation {
    condition     = var.alerts.oldest_message_seconds >= 60 && var.alerts.freshness_seconds >= 10 && var.alerts.error_log_entries >= 0
    error_message = "alerts.oldest_message_seconds must be at least 60, alerts.freshness_seconds at least 10, and alerts.error_log_entries at least 0."
  }
}

variable "api_keys" {
  description = "Hashes of API keys by their names, as `telemetry api-keys create` prints them. With any, only their bearers may claim to be hosted (deployment.type \"cloud\"); others are stored as self-hosted."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name, hash in var.api_keys : can(regex("^[a-z0-9][a-z0-9_-]{0,62}$", name)) && can(regex("^[0-9a-f]{64}$", hash))])
    error_message = "api_keys has the SHA-256 of each key under a name in small letters, as `telemetry api-keys create NAME` prints it; never the key itself."
  }
}

variable "bigquery" {
  description = "Mirror the events to BigQuery, for Looker Studio: where the datasets are, who may query the views, and the report that is copied. Null: no BigQuery."
  type = object({
    location                  = optional(string)
    looker_studio_template_id = optional(string)
    viewers                   = optional(list(string), [])
  })
  default = null

  validation {
    condition     = alltrue([for viewer in try(var.bigquery.viewers, []) : can(regex("^(user|group|serviceAccount|domain):[^ ]+$", viewer))])
    error_message = "Each of bigquery.viewers is a principal: write \"group:analysts@example.com\", \"user:…\", \"serviceAccount:…\" or \"domain:…\"; never allUsers."
  }
}

variable "budget" {
  description = "Alert when the project's costs of a month pass half, 90 % and all of an amount, or are forecast to. The currency is the billing account's. Null: no budget."
  type = object({
    amount          = number
    billing_account = string
    currency        = optional(string, "USD")
  })
  default = null

  validation {
    condition     = try(var.budget.amount >= 1 && floor(var.budget.amount) == var.budget.amount, var.budget == null)
    error_message = "budget.amount is a whole number of units of the currency, at least 1."
  }
  validation {
    condition     = var.budget == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.budget.billing_account))
    error_message = "budget.billing_account has the form 012345-6789AB-CDEF01; `gcloud billing accounts list` shows yours."
  }
  validation {
    condition     = var.budget == null || can(regex("^[A-Z]{3}$", var.budget.currency))
    error_message = "budget.currency is a code of three capital letters, such as USD or EUR: the billing account's own."
  }
}

variable "cloudbuild" {
  description = "Deploy from a repository that is connected to Cloud Build (2nd generation), by a service account that may replace code and read the rest. It takes the variables from terraform.tfvars in the state bucket, unless the substitution _TFVARS says otherwise. Null: no trigger."
  type = object({
    branch        = optional(string, "^main$")
    repository    = string
    state_bucket  = string
    substitutions = optional(map(string), {})
  })
  default = null

  validation {
    condition     = var.cloudbuild == null || can(regex("^projects/[^/]+/locations/[^/]+/connections/[^/]+/repositories/[^/]+$", var.cloudbuild.repository))
    error_message = "cloudbuild.repository is the id of a connected repository: projects/P/locations/R/connections/C/repositories/N; `gcloud builds repositories list` shows it."
  }
  validation {
    condition     = alltrue([for name in keys(try(var.cloudbuild.substitutions, {})) : can(regex("^_[A-Z][A-Z0-9_]*$", name))])
    error_message = "The names of cloudbuild.substitutions begin with an underscore and are capitals, such as _REGION."
  }
}

variable "dashboard" {
  description = "Who may see the dashboard. Without a domain they reach it by `gcloud run services proxy`; with one, in a browser behind Identity-Aware Proxy. Groups of fewer than k_anonymity people are never shown. public_page shows to everybody, at /public of the endpoint, how many people are active."
  type = object({
    domain      = optional(string)
    k_anonymity = optional(number, 5)
    public_page = optional(bool, false)
    viewers     = optional(list(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for viewer in var.dashboard.viewers : can(regex("^(user|group|serviceAccount|domain):[^ ]+$", viewer))])
    error_message = "Each of dashboard.viewers is a principal: write \"group:team@example.com\", \"user:…\", \"serviceAccount:…\" or \"domain:…\"; never allUsers."
  }
  validation {
    condition     = var.dashboard.k_anonymity >= 1 && var.dashboard.k_anonymity <= 1000 && floor(var.dashboard.k_anonymity) == var.dashboard.k_anonymity
    error_message = "dashboard.k_anonymity is a whole number of people from 1 (show everything) to 1000."
  }
  validation {
    condition     = var.dashboard.domain == null || can(regex(local.patterns.domain, var.dashboard.domain))
    error_message = "dashboard.domain is a host name in small letters, such as usage.example.com, without https:// or a path."
  }
  validation {
    condition     = var.dashboard.domain == null || var.domain != null
    error_message = "dashboard.domain needs the load balancer: set domain.name too, to another name."
  }
  validation {
    condition     = var.dashboard.domain == null || try(var.dashboard.domain != var.domain.name, true)
    error_message = "dashboard.domain and domain.name must be two names: one is public, the other is not."
  }
}

variable "database" {
  description = "The Cloud SQL instance for PostgreSQL. max_connections raises the limit that comes with the tier, at the price of memory. The default name is the prefix; a deleted instance's name can't be used again for a week. readers are users of the database, made elsewhere, that may read the views by SQL, small groups hidden."
  type = object({
    availability_type              = optional(string, "ZONAL")
    backup_retained_count          = optional(number, 7)
    disk_size_gb                   = optional(number, 10)
    disk_size_limit_gb             = optional(number, 500)
    maintenance_window             = optional(object({ day = optional(number, 7), hour = optional(number, 3) }), {})
    max_connections                = optional(number)
    name                           = optional(string)
    readers                        = optional(list(string), [])
    tier                           = optional(string, "db-custom-1-3840")
    transaction_log_retention_days = optional(number, 7)
    version                        = optional(string, "POSTGRES_18")
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for reader in var.database.readers : can(regex("^[^ ,]+$", reader))])
    error_message = "Each of database.readers is the name of a user of the database, such as \"analyst@example.com\" or \"looker\"."
  }
  validation {
    condition     = contains(["ZONAL", "REGIONAL"], var.database.availability_type)
    error_message = "database.availability_type is ZONAL, or REGIONAL for a standby in another zone at twice the price."
  }
  validation {
    condition     = can(regex("^(db-f1-micro|db-g1-small|db-custom-[1-9][0-9]?-[1-9][0-9]{3,5})$", var.database.tier))
    error_message = "database.tier is db-f1-micro, db-g1-small or db-custom-CPUS-MEGABYTES, such as db-custom-2-7680: those of the edition Enterprise."
  }
  validation {
    condition     = !startswith(var.database.tier, "db-custom-") || try(tonumber(split("-", var.database.tier)[3]) >= 3840 && tonumber(split("-", var.database.tier)[3]) % 256 == 0, false)
    error_message = "The memory in database.tier is at least 3840 MB and a multiple of 256, such as db-custom-1-3840."
  }
  validation {
    condition     = can(regex("^POSTGRES_1[5-8]$", var.database.version))
    error_message = "database.version is POSTGRES_15, POSTGRES_16, POSTGRES_17 or POSTGRES_18."
  }
  validation {
    condition     = var.database.disk_size_gb >= 10 && var.database.disk_size_limit_gb >= var.database.disk_size_gb
    error_message = "database.disk_size_gb is at least 10, and database.disk_size_limit_gb not below it: the disk grows up to there by itself."
  }
  validation {
    condition     = try(var.database.max_connections >= 25 && var.database.max_connections <= 10000, var.database.max_connections == null)
    error_message = "database.max_connections is from 25 to 10000; leave it out for the tier's own limit."
  }
  validation {
    condition     = var.database.transaction_log_retention_days >= 1 && var.database.transaction_log_retention_days <= 7 && var.database.backup_retained_count >= 1 && var.database.backup_retained_count <= 31
    error_message = "database.transaction_log_retention_days is from 1 to 7, and database.backup_retained_count from 1 to 31. What is erased stays in both for that long, and who asked for it is forgotten after 32 days."
  }
  validation {
    condition     = var.database.maintenance_window.day >= 1 && var.database.maintenance_window.day <= 7 && var.database.maintenance_window.hour >= 0 && var.database.maintenance_window.hour <= 23
    error_message = "database.maintenance_window has a day from 1 (Monday) to 7 (Sunday) and an hour from 0 to 23, UTC."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete what holds events: the database, the BigQuery tables, the queue's topics. Set to false, and apply, before a teardown."
  type        = bool
  default     = true
  nullable    = false
}

variable "domain" {
  description = "A name of your own for the endpoint: a global load balancer with IPv4 and IPv6, a managed certificate and a limit of requests per client address; an address that exceeds it tenfold is banned for a while. With dns_zone, the name of a Cloud DNS zone in this project, the records are made too. Null: the function's own URL."
  type = object({
    blocked_ranges = optional(list(string), [])
    dns_zone       = optional(string)
    name           = string
    rate_limit = optional(object({
      ban_seconds      = optional(number, 600)
      interval_seconds = optional(number, 60)
      requests         = optional(number, 600)
    }), {})
  })
  default = null

  validation {
    condition     = var.domain == null || can(regex(local.patterns.domain, var.domain.name))
    error_message = "domain.name is a host name in small letters, such as telemetry.example.com, without https:// or a path."
  }
  validation {
    condition     = contains([10, 30, 60, 120, 180, 240, 300, 600, 900, 1200, 1800, 2700, 3600], try(var.domain.rate_limit.interval_seconds, 60))
    error_message = "domain.rate_limit.interval_seconds is one of 10, 30, 60, 120, 180, 240, 300, 600, 900, 1200, 1800, 2700, 3600."
  }
  validation {
    condition     = try(var.domain.rate_limit.requests, 600) >= 1
    error_message = "domain.rate_limit.requests is at least 1 for each client address and interval."
  }
  validation {
    condition     = try(var.domain.rate_limit.ban_seconds, 600) >= 60 && try(var.domain.rate_limit.ban_seconds, 600) <= 3600
    error_message = "domain.rate_limit.ban_seconds is from 60 to 3600."
  }
  validation {
    condition     = length(try(var.domain.blocked_ranges, [])) <= 10 && alltrue([for range in try(var.domain.blocked_ranges, []) : can(cidrhost(range, 0))])
    error_message = "domain.blocked_ranges has at most ten ranges, each as 192.0.2.0/24 or 2001:db8::/32."
  }
}

variable "events" {
  description = "The queue: how long messages wait for a function that fails, how often one is delivered before it becomes a dead letter, and the pauses between. 100 deliveries at up to ten minutes apart outlast a night without a database. Retained copies outlive an erasure."
  type = object({
    ack_deadline_seconds    = optional(number, 60)
    max_delivery_attempts   = optional(number, 100)
    maximum_backoff_seconds = optional(number, 600)
    minimum_backoff_seconds = optional(number, 10)
    retention_days          = optional(number, 7)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.events.ack_deadline_seconds >= 10 && var.events.ack_deadline_seconds <= 600
    error_message = "events.ack_deadline_seconds is from 10 to 600: it is the time-out of a delivery."
  }
  validation {
    condition     = var.events.max_delivery_attempts >= 5 && var.events.max_delivery_attempts <= 100
    error_message = "events.max_delivery_attempts is from 5 to 100."
  }
  validation {
    condition     = 0 <= var.events.minimum_backoff_seconds && var.events.minimum_backoff_seconds <= var.events.maximum_backoff_seconds && var.events.maximum_backoff_seconds <= 600
    error_message = "events.minimum_backoff_seconds and events.maximum_backoff_seconds are from 0 to 600, the first not above the second."
  }
  validation {
    condition     = var.events.retention_days >= 1 && var.events.retention_days <= 31
    error_message = "events.retention_days is from 1 to 31."
  }
}

variable "functions" {
  description = "Size of each function. An instance serves `concurrency` requests at once, by as many threads; instance_count.max × database_pool_size, summed over the functions, must fit the database's connections."
  type = object({
    dashboard = optional(object({
      concurrency        = optional(number, 16)
      cpu                = optional(string, "1")
      database_pool_size = optional(number, 2)
      instance_count     = optional(object({ max = optional(number, 2), min = optional(number, 0) }), {})
      memory_mb          = optional(number, 512)
      timeout_seconds    = optional(number, 60)
    }), {})
    ingest = optional(object({
      concurrency     = optional(number, 16)
      cpu             = optional(string, "1")
      instance_count  = optional(object({ max = optional(number, 20), min = optional(number, 0) }), {})
      memory_mb       = optional(number, 1024)
      timeout_seconds = optional(number, 30)
    }), {})
    maintain = optional(object({
      concurrency        = optional(number, 4)
      cpu                = optional(string, "1")
      database_pool_size = optional(number, 2)
      instance_count     = optional(object({ max = optional(number, 1), min = optional(number, 0) }), {})
      memory_mb          = optional(number, 1024)
      timeout_seconds    = optional(number, 1800)
    }), {})
    mirror = optional(object({
      concurrency     = optional(number, 16)
      cpu             = optional(string, "1")
      instance_count  = optional(object({ max = optional(number, 5), min = optional(number, 0) }), {})
      memory_mb       = optional(number, 512)
      timeout_seconds = optional(number, 60)
    }), {})
    public = optional(object({
      concurrency        = optional(number, 16)
      cpu                = optional(string, "1")
      database_pool_size = optional(number, 2)
      instance_count     = optional(object({ max = optional(number, 1), min = optional(number, 0) }), {})
      memory_mb          = optional(number, 512)
      timeout_seconds    = optional(number, 60)
    }), {})
    store = optional(object({
      concurrency        = optional(number, 16)
      cpu                = optional(string, "1")
      database_pool_size = optional(number, 2)
      instance_count     = optional(object({ max = optional(number, 5), min = optional(number, 0) }), {})
      memory_mb          = optional(number, 512)
      timeout_seconds    = optional(number, 60)
    }), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for function in values(var.functions) : function.instance_count.max >= 1 && function.instance_count.max <= 1000 && function.instance_count.min >= 0 && function.instance_count.min <= function.instance_count.max])
    error_message = "The instance_count of each of functions has a max from 1 to 1000 and a min from 0 to max."
  }
  validation {
    condition     = alltrue([for function in values(var.functions) : function.concurrency >= 1 && function.concurrency <= 1000])
    error_message = "The concurrency of each of functions is from 1 to 1000."
  }
  validation {
    condition     = alltrue([for function in values(var.functions) : can(regex("^(1|2|4|8)$", function.cpu))])
    error_message = "The cpu of each of functions is \"1\", \"2\", \"4\" or \"8\": less than one serves only one request at a time."
  }
  validation {
    condition     = alltrue([for function in values(var.functions) : function.memory_mb >= 256 && function.memory_mb <= 32768])
    error_message = "The memory_mb of each of functions is from 256 to 32768."
  }
  validation {
    condition     = alltrue([for function in values(var.functions) : function.timeout_seconds >= 1 && function.timeout_seconds <= 3600])
    error_message = "The timeout_seconds of each of functions is from 1 to 3600."
  }
  validation {
    condition     = alltrue([for function in values(var.functions) : try(function.database_pool_size >= 1 && function.database_pool_size <= 100, true)])
    error_message = "The database_pool_size of each of functions is from 1 to 100."
  }
}

variable "gateway" {
  description = "Take OTLP/gRPC too: a stock OpenTelemetry Collector on Cloud Run, open to the internet, that passes on to ingest. Null: no gateway."
  type = object({
    image          = optional(string, "otel/opentelemetry-collector:0.162.0")
    instance_count = optional(object({ max = optional(number, 3), min = optional(number, 0) }), {})
  })
  default = null

  validation {
    condition     = var.gateway == null || can(regex(":[0-9]+\\.[0-9]+\\.[0-9]+$|@sha256:[0-9a-f]{64}$", var.gateway.image))
    error_message = "gateway.image names a version or a digest, such as otel/opentelemetry-collector:0.162.0; never latest."
  }
}

variable "labels" {
  description = "Labels for everything that takes them, beside app and managed-by."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", name)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "Names and values of labels are small letters, digits, - and _, at most 63; a name begins with a letter."
  }
}

variable "linkage_horizon_months" {
  description = "Months after a rotation of the pseudonym key after which older pseudonyms are unlinked from newer ones, for ever. 0: not before pseudonym_key_previous is null."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.linkage_horizon_months == 0 || var.linkage_horizon_months >= 2 && var.linkage_horizon_months <= 120 && floor(var.linkage_horizon_months) == var.linkage_horizon_months
    error_message = "linkage_horizon_months is 0, or a whole number from 2 to 120: people who are active in 30 days are counted over the rotation."
  }
}

variable "maintenance" {
  description = "When maintain is called (cron, UTC). A call of / migrates the database, makes partitions, counts what arrived and drops what is past its retention, as far as there is anything to do; /migrate only migrates."
  type = map(object({
    description = string
    path        = string
    schedule    = string
  }))
  default = {
    run = {
      description = "Migrate, make partitions, count, drop what is past its retention"
      path        = "/"
      schedule    = "*/10 * * * *"
    }
  }
  nullable = false

  validation {
    condition     = contains([for job in values(var.maintenance) : job.path], "/")
    error_message = "One job of maintenance must have the path \"/\": without it no table is made, and nothing is ever dropped."
  }
  validation {
    condition     = alltrue([for job in values(var.maintenance) : length(split(" ", job.schedule)) == 5])
    error_message = "The schedule of each job of maintenance has five fields, such as \"*/10 * * * *\"."
  }
  validation {
    condition     = alltrue([for job in values(var.maintenance) : startswith(job.path, "/")])
    error_message = "The path of each job of maintenance begins with a slash: \"/\" or \"/migrate\"."
  }
}

variable "network" {
  description = "Addresses of the network between functions and database: of the functions' subnet, and where Cloud SQL takes its own from. They must not overlap each other or what you peer with."
  type = object({
    database_cidr = optional(string, "10.72.16.0/20")
    subnet_cidr   = optional(string, "10.72.0.0/24")
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(cidrnetmask(var.network.subnet_cidr)) && try(tonumber(split("/", var.network.subnet_cidr)[1]) <= 26, false)
    error_message = "network.subnet_cidr is an IPv4 range of /26 or larger, such as 10.72.0.0/24: every instance of a function takes addresses from it."
  }
  validation {
    condition     = can(cidrnetmask(var.network.database_cidr)) && try(tonumber(split("/", var.network.database_cidr)[1]) <= 24, false)
    error_message = "network.database_cidr is an IPv4 range of /24 or larger, such as 10.72.16.0/20."
  }
}

variable "notification_channels" {
  description = "Ids of Cloud Monitoring channels that hear of alerts, beside notification_emails: projects/P/notificationChannels/N."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for channel in var.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[^/]+$", channel))])
    error_message = "Each of notification_channels has the form projects/P/notificationChannels/N; `gcloud beta monitoring channels list` shows them."
  }
}

variable "notification_emails" {
  description = "Addresses that hear of alerts."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.notification_emails : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", address))])
    error_message = "Each of notification_emails is an address such as oncall@example.com."
  }
}

variable "owner_password_version" {
  description = "Number of the owner's password for the database. A higher one makes a new password, in Secret Manager and in the database."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.owner_password_version >= 1 && floor(var.owner_password_version) == var.owner_password_version
    error_message = "owner_password_version is a whole number: one higher than before makes a new password."
  }
}

variable "observability" {
  description = "Whether the functions send metrics and traces of themselves to Cloud Monitoring and Cloud Trace, and how long metrics are summed up before. Traces are of the requests that Cloud Run samples."
  type = object({
    enabled          = optional(bool, true)
    interval_seconds = optional(number, 60)
    traces           = optional(bool, true)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.observability.interval_seconds >= 10 && var.observability.interval_seconds <= 3600
    error_message = "observability.interval_seconds is from 10 to 3600: Cloud Monitoring takes a point of a series every 5 seconds at most, and each costs."
  }
}

variable "prefix" {
  description = "Begins the name of everything that is made, so that two deployments can share a project."
  type        = string
  default     = "telemetry"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,14}[a-z0-9]$", var.prefix))
    error_message = "prefix is 3 to 16 small letters, digits and dashes; it begins with a letter and ends with no dash."
  }
}

variable "project_id" {
  description = "The id of the Google Cloud project that everything is made in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id is a project's id, not its name or number: 6 to 30 small letters, digits and dashes; `gcloud projects list` shows it."
  }
}

variable "pseudonym_key_epoch" {
  description = "Number of the key that pseudonyms are made with. A higher one makes a new key; the old one stays in Secret Manager until it is destroyed there. From then on a person has another pseudonym, and is new unless pseudonym_key_previous names the old one."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.pseudonym_key_epoch >= 1 && var.pseudonym_key_epoch <= 32767 && floor(var.pseudonym_key_epoch) == var.pseudonym_key_epoch
    error_message = "pseudonym_key_epoch is a whole number from 1 to 32767: one higher with each rotation, never lower."
  }
}

variable "pseudonym_key_previous" {
  description = "The key before, while it is kept beside the present one so that nobody is counted as two: its version in Secret Manager, and the first day whose log records the present key names, after the rotation's own. Set it together with a higher pseudonym_key_epoch; null ends the overlap, and the links are deleted."
  type = object({
    since   = string
    version = string
  })
  default = null

  validation {
    condition     = var.pseudonym_key_previous == null || can(regex("^[1-9][0-9]*$", var.pseudonym_key_previous.version))
    error_message = "pseudonym_key_previous.version is the number of a version, such as \"1\": `gcloud secrets versions list` tells it. An alias would change with the next key."
  }
  validation {
    condition     = var.pseudonym_key_previous == null || can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", var.pseudonym_key_previous.since)) && can(formatdate("YYYY", "${var.pseudonym_key_previous.since}T00:00:00Z"))
    error_message = "pseudonym_key_previous.since is a day, such as \"2026-03-02\", after that of the rotation."
  }
  validation {
    condition     = var.pseudonym_key_previous == null || var.pseudonym_key_epoch >= 2
    error_message = "pseudonym_key_previous is of the epoch before pseudonym_key_epoch, which must be 2 or more then."
  }
}

variable "public_access" {
  description = "How ingest is opened to the internet: \"iam\" lets allUsers invoke it; \"invoker_check_disabled\" turns the check off on its Cloud Run service, for organizations whose policy iam.allowedPolicyMemberDomains forbids allUsers. The latter needs gcloud, signed in, where Terraform runs."
  type        = string
  default     = "iam"
  nullable    = false

  validation {
    condition     = contains(["iam", "invoker_check_disabled"], var.public_access)
    error_message = "public_access is \"iam\", or \"invoker_check_disabled\" behind a policy that forbids allUsers."
  }
}

variable "python_runtime" {
  description = "The runtime of the functions. From python314 on they are installed by uv instead of pip."
  type        = string
  default     = "python313"
  nullable    = false

  validation {
    condition     = can(regex("^python31[1-4]$", var.python_runtime))
    error_message = "python_runtime is python311, python312, python313 or python314."
  }
}

variable "region" {
  description = "Where everything runs and events are kept."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", var.region))
    error_message = "region is a region such as europe-west1 or us-central1, not a zone."
  }
}

variable "retention_months" {
  description = "Months that single events are kept; what is counted from them stays. What is published about the collection says the same."
  type        = number
  default     = 12
  nullable    = false

  validation {
    condition     = var.retention_months >= 1 && var.retention_months <= 60 && floor(var.retention_months) == var.retention_months
    error_message = "retention_months is a whole number from 1 to 60."
  }
}

variable "senders" {
  description = "What ingest takes of one installation: events_per_second in the long run and burst_events at once, of each instance; 0 a second means no quota, and bearers of API keys have none. Events of blocked_installations, as the view sending_anomalies shows them, are left out."
  type = object({
    blocked_installations = optional(list(string), [])
    burst_events          = optional(number, 10000)
    events_per_second     = optional(number, 500)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for one in var.senders.blocked_installations : can(regex("^[0-9a-f]{32}$", one))])
    error_message = "Each of senders.blocked_installations is a pseudonym of 32 hexadecimal digits, as the view sending_anomalies shows it."
  }
  validation {
    condition     = alltrue([for count in [var.senders.burst_events, var.senders.events_per_second] : count == floor(count)]) && var.senders.burst_events >= 1 && var.senders.burst_events <= 10000000 && var.senders.events_per_second >= 0 && var.senders.events_per_second <= 1000000
    error_message = "senders.burst_events is a whole number from 1 to 10000000, senders.events_per_second one from 0 to 1000000."
  }
}
