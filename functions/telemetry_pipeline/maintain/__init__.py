"""The schema's owner: migrations and partitions."""
