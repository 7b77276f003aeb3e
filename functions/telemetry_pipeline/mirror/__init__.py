"""Push deliveries in, rows of BigQuery out: at least once, and the views count each event once."""
