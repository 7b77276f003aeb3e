"""k-anonymity: small groups are hidden, and can't be worked out from all that every page and export shows."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackers import TYPES, WEEKS, Attacker, few_people, today
from dashboards import Dashboard, table
from expected_views import Event
from stored_events import store
from telemetry_pipeline.dashboard.anonymity import withheld
from telemetry_pipeline.database import connect
from telemetry_pipeline.settings import DatabaseSettings

K = 5
HIDDEN = {"hidden", f"< {K}"}


def shown(value: str) -> int | None:
    """A count as a CSV has it; none where it is hidden."""
    return None if value in HIDDEN else int(value)


def read_everything(client: object, attacker: Attacker) -> None:
    """Visit every page that counts people, under every deployment type."""
    first = today() - timedelta(days=7 * WEEKS + 6)
    kinds = {"New": "new", "Returning": "returning", "Resurrected": "resurrected", "Dormant": "dormant"}
    counts = {"Active in a day": "dau", "Active in 7 days": "wau", "Active in 30 days": "mau"}
    for deployment in TYPES:
        for row in table(client, f"/?from={first}&to={today()}&deployment={deployment}", "active"):  # type: ignore[arg-type]
            for label, kind in counts.items():
                if not row[label]:
                    continue
                attacker.note((kind, row["Day"], deployment), shown(row[label]))
        for row in table(client, f"/?from={first}&to={today()}&deployment={deployment}", "lifecycle"):  # type: ignore[arg-type]
            for label, kind in kinds.items():
                attacker.note((kind, row["Week"], deployment), shown(row[label]))
        for row in table(client, f"/retention?show=count&deployment={deployment}", "cohorts"):  # type: ignore[arg-type]
            attacker.note(("new", row["Cohort"], deployment), shown(row["People"]))


def add_up(attacker: Attacker) -> None:
    """Write down what the attacker knows of the definitions."""
    cells = attacker.hidden | set(attacker.known)
    for kind, day, deployment in cells:
        if deployment == "all":
            attacker.sums.append(((kind, day, "all"), *((kind, day, one) for one in TYPES[1:])))
        if kind == "new":
            sunday = date.fromisoformat(day) + timedelta(days=6)
            before = sunday - timedelta(days=7)
            week = [(one, day, deployment) for one in ("new", "returning", "resurrected")]
            stayed = [(one, day, deployment) for one in ("returning", "dormant")]
            if ("wau", str(sunday), deployment) in cells:
                attacker.sums.append((("wau", str(sunday), deployment), *week))
            if ("wau", str(before), deployment) in cells:
                attacker.sums.append((("wau", str(before), deployment), *stayed))


@pytest.mark.parametrize("seed", range(4))
def test_hidden_counts_stay_hidden(dashboard: Dashboard, database_url: str, seed: int) -> None:
    """Whoever reads all pages and knows how their numbers add up learns no count of fewer than k people."""
    engine = connect(DatabaseSettings(database_url=database_url), "tests")
    with engine.connect() as connection:
        store(connection, few_people(seed))
    engine.dispose()
    attacker = Attacker()

    read_everything(dashboard(database_url, RHESIS_K_ANONYMITY=str(K)), attacker)
    add_up(attacker)

    assert attacker.hidden, "the data set is too large to try anything"
    assert [cell for cell, count in attacker.known.items() if 0 < count < K] == []
    assert {cell: count for cell, count in attacker.determined().items() if count < K} == {}


@pytest.mark.parametrize("seed", range(2))
def test_the_public_page_tells_no_more_than_the_others(dashboard: Dashboard, database_url: str, seed: int) -> None:
    """Its k is five even where the dashboard's is one; it hides what they hide, or more, whatever it is asked."""
    engine = connect(DatabaseSettings(database_url=database_url), "tests")
    with engine.connect() as connection:
        store(connection, few_people(seed))
    engine.dispose()
    last = today() - timedelta(days=1)
    client = dashboard(database_url, RHESIS_K_ANONYMITY=str(K))
    inside = table(client, f"/?from={last - timedelta(days=89)}&to={last}", "active")

    client = dashboard(database_url, RHESIS_K_ANONYMITY="1", RHESIS_PUBLIC_PAGE="true")
    outside = table(client, "/public", "active")
    asked = table(client, "/public?k=1&deployment=cloud&from=2020-01-01&period=7d&compare=previous", "active")
    page = client.get("/public").text

    assert outside == asked
    assert [row["Day"] for row in outside] == [row["Day"] for row in inside]
    told = [(row[label], known[label]) for row, known in zip(outside, inside, strict=True) for label in row]
    assert [pair for pair in told if pair[0] != pair[1] and pair[0] not in HIDDEN] == []
    assert sum(pair[0] == pair[1] for pair in told) > 0.9 * len(told)
    counts = [row[label] for row in outside for label in row if label != "Day"]
    assert HIDDEN & {*counts}, "the data set is too large to try anything"
    assert not [count for count in counts if count.isdigit() and 0 < int(count) < K]
    assert not any(f">{count}<" in page or f'data-value="{count}"' in page for count in range(1, K))
    assert "fewer than 5 people" in page


def test_a_week_that_tells_how_many_are_new(dashboard: Dashboard, database_url: str) -> None:
    """Two come to eight who all come back: what the dashboard hides of that, the public page hides too.

    The eight of the week before are those who return now, and whoever knows both weeks knows the two.
    """
    monday = today() - timedelta(days=today().weekday() + 14)
    days = {f"person-{number}": [monday, monday + timedelta(days=7)] for number in range(8)}
    days |= {f"new-{number}": [monday + timedelta(days=7)] for number in range(2)}
    engine = connect(DatabaseSettings(database_url=database_url), "tests")
    with engine.connect() as connection:
        store(connection, [_seen(who, day) for who, seen in days.items() for day in seen])
    engine.dispose()
    client = dashboard(database_url, RHESIS_K_ANONYMITY=str(K), RHESIS_PUBLIC_PAGE="true")

    weeks = [
        {row["Day"]: row["Active in 7 days"] for row in table(client, path, "active")}
        for path in (f"/?from={monday}&to={today() - timedelta(days=1)}", "/public")
    ]

    sunday = str(monday + timedelta(days=6))
    assert [week[sunday] for week in weeks] == ["hidden", "hidden"]
    assert weeks[1][str(monday)] == "8"


def _seen(who: str, day: date) -> Event:
    at = datetime.combine(day, time(12), UTC)
    return Event(kind="feature_usage", timestamp=at, received_at=at, user_id=who, feature_name="test")


PAGES_OF_PEOPLE = ("/", "/retention", "/features", "/features/one?name=test", "/versions")


@pytest.mark.parametrize("path", PAGES_OF_PEOPLE)
def test_no_small_number_on_a_page(dashboard: Dashboard, database_url: str, path: str) -> None:
    """Three people alone are nowhere counted, neither on a page nor in a title."""
    engine = connect(DatabaseSettings(database_url=database_url), "tests")
    at = datetime.now(UTC) - timedelta(hours=1)
    use = {
        "kind": "feature_usage",
        "timestamp": at,
        "received_at": at,
        "feature_name": "test",
        "service_version": "1.0",
    }
    with engine.connect() as connection:
        store(connection, [Event(user_id=f"person-{number}", **use) for number in range(3)])  # type: ignore[arg-type]
    engine.dispose()

    answer = dashboard(database_url, RHESIS_K_ANONYMITY=str(K)).get(path)

    assert answer.status_code == 200
    assert 'data-value="3"' not in answer.text
    assert ">3<" not in answer.text


CELLS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 30), min_size=2)


@given(parts=CELLS, k=st.integers(2, 8))
def test_a_whole_betrays_no_part(parts: Mapping[str, int], k: int) -> None:
    """Beside a whole that is shown, a hidden part may still be of any size below k, and is never the only one."""
    counts = {"whole": sum(parts.values()), **parts}
    hidden = withheld(counts, [("whole", *parts)], k)
    secret = [name for name in parts if name in hidden]
    rest = sum(parts[name] for name in secret)

    assert all(not 0 < counts[name] < k for name in counts if name not in hidden)
    if secret and "whole" not in hidden:
        assert len(secret) > 1
        assert rest - (len(secret) - 1) >= k - 1


@given(parts=CELLS)
def test_one_hides_nothing(parts: Mapping[str, int]) -> None:
    """With k = 1, on one's own machine, all is shown."""
    assert withheld(parts, [tuple(parts)], 1) == frozenset()
