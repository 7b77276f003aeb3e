"""How much a subscription has not acknowledged yet, read from the broker's file beside the broker."""

import sqlite3
from contextlib import closing
from pathlib import Path

_QUESTION = """
    select count(delivery.message)
    from subscription
    left join delivery on delivery.subscription = subscription.id
    where subscription.name = ?
    group by subscription.id
"""


def backlog(file: Path, subscription: str) -> int | None:
    """The messages of a subscription that nobody has acknowledged; None if there is no such subscription."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            found = connection.execute(_QUESTION, (subscription,)).fetchone()
    except sqlite3.OperationalError:
        return None
    return int(found[0]) if found else None
