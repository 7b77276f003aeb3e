"""The schema's owner: migrations, partitions, rollups, retention, and what BigQuery is told of it."""
