"""The pages over HTTP: what they are, what they refuse, and what they say when there is nothing to show."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from dashboards import PAGES, Dashboard, table
from telemetry_pipeline.dashboard.export import to_csv
from telemetry_pipeline.dashboard.view import Column, Table
from telemetry_pipeline.maintain import requests
from telemetry_pipeline.privacy import receipts


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_a_page_is_whole_without_scripts(dashboard: Dashboard, demo_url: str, path: str) -> None:
    """Each page comes with its tables in HTML, no script or style in it, and asks nobody else for anything."""
    answer = dashboard(demo_url).get(path)

    assert answer.status_code == 200
    assert "<table" in answer.text
    assert not re.search(r"<style|style=|<script(?![^>]*src=)|\son\w+=", answer.text)
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', answer.text)
    assert "'unsafe" not in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_health(dashboard: Dashboard) -> None:
    """GET /health answers without a database."""
    answer = dashboard("postgresql://nobody@127.0.0.1:1/nothing").get("/health")

    assert answer.get_json()["function"] == "dashboard"


def test_without_a_database(dashboard: Dashboard) -> None:
    """A database that is away is named, with what to do, and nothing of the fault itself."""
    answer = dashboard("postgresql://somebody:secret@127.0.0.1:1/nothing").get("/")

    assert answer.status_code == 503
    assert "telemetry doctor" in answer.text
    assert "Retry-After" in answer.headers
    assert not re.search("secret|somebody|refused|Traceback", answer.text)


def test_without_a_schema(dashboard: Dashboard, empty_database_url: str) -> None:
    """A database without the views says what brings them."""
    answer = dashboard(empty_database_url).get("/")

    assert answer.status_code == 503
    assert "telemetry maintain --now" in answer.text
    assert "daily_active_users" not in answer.text


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_without_events(dashboard: Dashboard, database_url: str, path: str) -> None:
    """Before the first event, each page says how to send it, to where this pipeline takes it."""
    answer = dashboard(database_url, RHESIS_OTLP_URL="https://telemetry.example").get(path)

    assert answer.status_code == 200
    assert "curl https://telemetry.example/v1/logs" in answer.text or path == PAGES["collected"]


@pytest.mark.parametrize(
    "query",
    ["period=1y", "from=yesterday", "from=2026-02-30", "from=2026-02-02&to=2026-01-01", "compare=x", "deployment=x"],
)
def test_a_filter_that_means_nothing(dashboard: Dashboard, demo_url: str, query: str) -> None:
    """A bad filter is refused with what is accepted, and not repeated."""
    answer = dashboard(demo_url).get(f"/?{query}")

    assert answer.status_code == 400
    assert "expected" in answer.text
    assert query not in answer.text


@pytest.mark.parametrize(
    ("path", "filters", "unheeded"),
    [
        ("/", "version=1.4.0&feature=test", ["Version", "Feature"]),
        ("/", "period=90d&compare=year&deployment=cloud", []),
        ("/retention", "period=90d&deployment=cloud&compare=year", ["Period"]),
        ("/retention", "from=2026-01-01&to=2026-01-31", ["Period"]),
        ("/features", "feature=test&version=1.4.0", ["Version"]),
        ("/features/one?name=test", "feature=test", []),
        ("/features/one?name=test", "feature=project", ["Feature"]),
        ("/features/funnel", "deployment=cloud&compare=year", ["Compare"]),
        ("/performance", "version=1.4.0", ["Version"]),
        ("/versions", "version=1.4.0&feature=test", ["Feature"]),
        ("/pipeline", "deployment=cloud", ["Deployment"]),
        ("/collected", "period=7d", ["Period"]),
    ],
)
def test_no_filter_is_silently_ignored(
    dashboard: Dashboard, demo_url: str, path: str, filters: str, unheeded: list[str]
) -> None:
    """A page obeys a filter or says that it can't, and leads to itself without it."""
    client = dashboard(demo_url)
    page = client.get(f"{path}{'&' if '?' in path else '?'}{filters}").text
    told = re.findall(r">(\w+) \([^)]*\) does not apply to this page: \w[^<]+\. <a href=\"([^\"]+)\">", page)

    assert [name for name, _ in told] == unheeded
    for name, address in told:
        assert f"{name} (" not in client.get(address.replace("&amp;", "&")).text


@pytest.mark.parametrize("path", ["/", "/performance", "/versions", "/pipeline"])
def test_each_card_is_defined(dashboard: Dashboard, demo_url: str, path: str) -> None:
    """A card says what it counts, on demand, under a name that a screen reader tells from the others'."""
    page = dashboard(demo_url).get(path).text
    cards = re.findall(r'<li class="card">(.*?)</li>', page, re.DOTALL)

    assert cards
    for card in cards:
        label = re.search(r"<h2>(.*?)</h2>", card)
        assert label
        assert f'<summary aria-label="Definition: {label[1]}">' in card
        assert re.search(r"</summary><p>\w.{30,}</p>", card, re.DOTALL)


def test_what_is_asked_for_comes_back_as_text(dashboard: Dashboard, demo_url: str) -> None:
    """Markup in an address is shown as text."""
    answer = dashboard(demo_url).get("/features/one?name=<script>alert(1)</script>")

    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;" in answer.text


NAMES = (
    "period from to compare deployment version feature name method endpoint by show step1 step2 window csv embed chart"
)
VALUES = ("all", "90d", "2026-01-01", "test", "GET", "1", "\0")
ARGUMENTS = st.dictionaries(st.sampled_from(NAMES.split()), st.text(max_size=20) | st.sampled_from(VALUES))
PATHS = st.sampled_from(sorted({path.partition("?")[0] for path in PAGES.values()}))


def test_any_arguments(dashboard: Dashboard, demo_url: str) -> None:
    """Whatever stands in an address, the answer is a page, or says what is accepted; it is no fault of ours."""
    client = dashboard(demo_url)

    @given(path=PATHS, arguments=ARGUMENTS)
    @settings(max_examples=150, deadline=None)
    def visit(path: str, arguments: dict[str, str]) -> None:
        assert client.get(path, query_string=arguments).status_code in {200, 400, 404}

    visit()


def test_only_reading(dashboard: Dashboard, demo_url: str) -> None:
    """Whatever is not a GET is refused, and so is a path that is none."""
    client = dashboard(demo_url)

    assert client.post("/").status_code == 405
    assert client.get("/nothing").status_code == 404
    assert client.get("/assets/x/../function.py").status_code == 404
    assert client.get("/?csv=nothing").status_code == 404


def test_nothing_is_sent_twice(dashboard: Dashboard, demo_url: str) -> None:
    """A page that has not changed is answered 304; files are kept for ever, under a name that changes with them."""
    client = dashboard(demo_url)
    page = client.get("/collected")
    again = client.get("/collected", headers={"If-None-Match": page.headers["ETag"]})
    style = re.search(r'href="(/assets/[^"]+/page.css)"', page.text)

    assert again.status_code == 304
    assert not again.data
    assert style
    assert "immutable" in client.get(style[1]).headers["Cache-Control"]
    assert "immutable" not in client.get("/assets/0/page.css").headers["Cache-Control"]


def test_small_on_the_wire(dashboard: Dashboard, demo_url: str) -> None:
    """All that a first visit needs is at most 60 kB."""
    client = dashboard(demo_url)
    zipped = {"Accept-Encoding": "gzip"}
    page = client.get("/", headers=zipped)
    files = set(re.findall(r'(?:src|href)="(/assets/[^"]+)"', client.get("/").text))
    modules = {"copy", "leaving", "legend", "picture", "plot", "sort", "table", "theme", "units"}
    place = next(iter(files)).rpartition("/")[0]
    sizes = [len(client.get(one, headers=zipped).data) for one in files | {f"{place}/{name}.js" for name in modules}]

    assert len(page.data) + sum(sizes) <= 60_000


def test_the_public_page(dashboard: Dashboard, demo_url: str) -> None:
    """/public is off; where it is on, it has no filter, no deployment types, and k is never below five."""
    assert dashboard(demo_url).get("/public").status_code == 404

    client = dashboard(demo_url, RHESIS_PUBLIC_PAGE="true")
    answer = client.get("/public?deployment=cloud&period=7d")
    numbers = [
        int(row["Active in a day"]) for row in table(client, "/public", "active") if row["Active in a day"].isdigit()
    ]

    assert answer.status_code == 200
    assert not re.search("Self-hosted|cloud", answer.text)
    assert all(number == 0 or number >= 5 for number in numbers)


def test_what_is_public_leads_from_one_to_the_other(dashboard: Dashboard, demo_url: str) -> None:
    """The public page, what is collected, and the same for programs."""
    client = dashboard(demo_url, RHESIS_PUBLIC_PAGE="true", RHESIS_OTLP_URL="https://ingest.example")
    contract = 'href="https://ingest.example/.well-known/telemetry.json"'

    assert contract in client.get("/public").text
    assert 'href="/collected"' in client.get("/public").text
    assert contract in client.get("/collected").text
    assert 'href="/public"' in client.get("/collected").text
    assert 'href="/public"' not in dashboard(demo_url, RHESIS_PUBLIC_PAGE="false").get("/collected").text


def test_embedding(dashboard: Dashboard, demo_url: str) -> None:
    """Only ?embed=1 may be framed, by the origins that are set; it has one chart if one is asked for, and no menu."""
    client = dashboard(demo_url, RHESIS_EMBED_ORIGINS="https://wiki.example")
    embedded = client.get("/?embed=1&chart=active")

    assert "frame-ancestors https://wiki.example" in embedded.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in client.get("/").headers["Content-Security-Policy"]
    assert embedded.text.count("<section") == 1
    assert "<nav" not in embedded.text


def test_a_csv_is_no_program() -> None:
    """A feature whose name a spreadsheet would run is exported as text."""
    written = to_csv(Table.of([Column("Feature", "text"), Column("Uses")], [("=1+1", -3)]))

    assert written == "Feature,Uses\r\n'=1+1,-3\r\n"


def test_a_receipt_is_shown_to_who_has_the_token(
    dashboard: Dashboard, limited_url: str, demo: Connection, capfd: pytest.CaptureFixture[str]
) -> None:
    """As a page and as JSON, with no right to the requests themselves; nobody else's, and no token in the log."""
    token = receipts.new_token()
    requests.ask(demo, "user", ("0" * 32, "1" * 32), 1, str(receipts.digest(token)))
    client = dashboard(limited_url)
    page = client.get(f"/erasures/{token}")
    answer = client.get(f"/erasures/{token}", headers={"Accept": "application/json"})

    assert page.status_code == 200
    assert "not everything is erased yet" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert answer.json["status"] == "waiting"
    for other in ("", "short", receipts.new_token(), f"{token}/", "\0"):
        assert client.get(f"/erasures/{other}").status_code == 404, other
    assert token not in "".join(capfd.readouterr())
