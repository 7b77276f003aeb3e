"""Data as files: rows of a table or a view, or all that is kept of one person, in memory that doesn't grow with them.

`rows` reads, `forms` writes what was read as CSV, JSON lines or Parquet, `person` as one document to read, and
`targets` is where the bytes go.
"""
