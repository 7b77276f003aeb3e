output "function" {
  description = "The function."
  value       = google_cloudfunctions2_function.function
}

output "invokers" {
  description = "Principals that may invoke the function."
  value = concat(
    [for binding in google_cloud_run_v2_service_iam_member.invokers : binding.member],
    google_cloud_run_v2_service_iam_member.public[*].member,
  )
}

output "name" {
  description = "The name of the function and of its Cloud Run service."
  value       = google_cloudfunctions2_function.function.name
}

output "uri" {
  description = "Where the function is reached; known to others once they may reach it."
  value       = google_cloudfunctions2_function.function.service_config[0].uri
  depends_on  = [google_cloud_run_v2_service_iam_member.invokers, google_cloud_run_v2_service_iam_member.public]
}
