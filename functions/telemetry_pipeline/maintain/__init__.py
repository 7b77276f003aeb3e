"""The schema's owner: migrations, partitions, rollups and retention."""
