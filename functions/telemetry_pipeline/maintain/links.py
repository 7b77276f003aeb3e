"""Whose pseudonym was which under the key before, told to BigQuery, where people are counted too.

Postgres alone decides whose pseudonyms are linked, and until when; BigQuery gets all links whenever they are others. So
no link can outlive an erasure or the end of an overlap there.
"""

import json
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from telemetry_pipeline import warehouse

if TYPE_CHECKING:
    from google.cloud import bigquery

LINKS = "analytics_pseudonym_links"

_FETCHED_ROWS = 2000


def are_due(connection: Connection) -> bool:
    """Whether BigQuery has other links than there are."""
    with connection.begin():
        return bool(connection.execute(_ARE_DUE).scalar())


def write(connection: Connection, client: "bigquery.Client", dataset: str) -> int:
    """Write all links in place of those that BigQuery has, and return how many there are.

    Raises:
        GoogleAPICallError: BigQuery did not take them; it keeps what it had, and the next run tries again.
    """
    from google.cloud import bigquery

    patience = bigquery.DEFAULT_RETRY.with_timeout(warehouse.PATIENCE_SECONDS)
    table = client.get_table(f"{dataset}.{LINKS}", retry=patience)
    config = bigquery.LoadJobConfig(
        schema=table.schema,
        source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
        write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
    )
    count = 0
    with TemporaryFile() as lines, connection.begin():
        connection.execute(text("set transaction isolation level repeatable read"))
        fingerprint = connection.execute(_FINGERPRINT).scalar_one()
        connection.execute(_DECLARE)
        while rows := connection.execute(text(f"fetch {_FETCHED_ROWS} from links")).mappings().all():
            lines.writelines(json.dumps(dict(row)).encode() + b"\n" for row in rows)
            count += len(rows)
        if count:
            lines.seek(0)
            client.load_table_from_file(lines, table.reference, location=table.location, job_config=config).result()
        else:
            # A load job of an empty file is none.
            client.query(f"truncate table `{dataset}.{LINKS}`", retry=patience, job_retry=None).result()
        connection.execute(_WRITTEN, {"fingerprint": fingerprint})
    return count


_FINGERPRINT_SQL = """
    select coalesce(bit_xor(hashtextextended(domain || pseudonym || previous, 0)), 0)
    from analytics_pseudonym_links
"""
_FINGERPRINT = text(_FINGERPRINT_SQL)
_ARE_DUE = text(f"select links_in_bigquery <> ({_FINGERPRINT_SQL}) from analytics_rollup_state")  # noqa: S608 - our own
_DECLARE = text("""
    declare links no scroll cursor for
    select
        domain,
        pseudonym,
        previous
    from analytics_pseudonym_links
""")
_WRITTEN = text("update analytics_rollup_state set links_in_bigquery = :fingerprint")
