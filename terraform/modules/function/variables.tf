variable "build" {
  description = "The repository that the image goes to, and the service account that builds it."
  type = object({
    repository      = string
    service_account = string
  })
}

variable "bundle" {
  description = "Where the source archive is."
  type = object({
    bucket = string
    object = string
  })
}

variable "entry_point" {
  description = "The function's name in main.py."
  type        = string
}

variable "environment_variables" {
  description = "Environment variables beside THREADS, which follows from the concurrency."
  type        = map(string)
}

variable "function_config" {
  description = "Size and limits."
  type = object({
    concurrency     = number
    cpu             = string
    instance_count  = object({ max = number, min = number })
    memory_mb       = number
    timeout_seconds = number
  })
}

variable "ingress_settings" {
  description = "From where the function can be reached: ALLOW_ALL, ALLOW_INTERNAL_ONLY or ALLOW_INTERNAL_AND_GCLB."
  type        = string
}

variable "invokers" {
  description = "Principals that may invoke the function, each under a name that stays the same."
  type        = map(string)
}

variable "labels" {
  description = "Labels of the function."
  type        = map(string)
}

variable "name" {
  description = "The function's name."
  type        = string
}

variable "project_id" {
  description = "The project's id."
  type        = string
}

variable "public_access" {
  description = "How everybody may invoke the function: \"iam\" or \"invoker_check_disabled\". Null: they may not."
  type        = string
}

variable "region" {
  description = "Where the function runs."
  type        = string
}

variable "runtime" {
  description = "The runtime, such as python313."
  type        = string
}

variable "secrets" {
  description = "Environment variables whose values are versions of secrets."
  type        = map(object({ secret = string, version = string }))
}

variable "service_account_email" {
  description = "The service account that the function runs as."
  type        = string
}

variable "vpc" {
  description = "The network and subnetwork through which private addresses are reached. Null: none are."
  type        = object({ network = string, subnetwork = string })
}
