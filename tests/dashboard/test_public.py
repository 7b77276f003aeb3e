"""The function `public`, which everybody may call: a process that logs in to the database as it does in the cloud."""

import http.client
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from sqlalchemy import Connection

from dashboards import PAGES, Dashboard
from edge import serve
from telemetry_pipeline.dashboard import routes
from telemetry_pipeline.maintain import requests as erasures
from telemetry_pipeline.privacy import receipts

CONTRACT = "https://ingest.example/.well-known/telemetry.json"
CHARTS = ("active", "lifecycle", "deployments", "cohorts", "features", "endpoints", "versions", "delay")


def get(url: str, path: str) -> tuple[int, str]:
    """The answer to exactly this path: clients of more comfort would tidy it up first."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    status, text = answer.status, answer.read().decode()
    where = answer.headers.get("Location")
    connection.close()
    return get(url, where.removeprefix(url)) if where else (status, text)


@pytest.fixture
def public(public_url: str, tmp_path: Path) -> Iterator[str]:
    """The function with its page turned on, as its own user of the database."""
    settings = {
        "RHESIS_DATABASE_URL": public_url,
        "RHESIS_K_ANONYMITY": "1",
        "RHESIS_PUBLIC_PAGE": "true",
        "RHESIS_OTLP_URL": "https://ingest.example",
    }
    with serve("public", settings, tmp_path / "public.log") as url:
        yield url


def test_what_is_there(public: str, demo: Connection, tmp_path: Path) -> None:
    """The page with its tables and files, receipts, and its health; a receipt's token is in no log."""
    token = receipts.new_token()
    erasures.ask(demo, "user", ("2" * 32, "3" * 32), 1, str(receipts.digest(token)))

    status, page = get(public, "/public")
    files = set(re.findall(r'(?:src|href)="(/assets/[^"]+)"', page))
    table = requests.get(f"{public}/public?csv=active", timeout=30)
    receipt = requests.get(f"{public}/erasures/{token}", timeout=30)
    told = requests.get(f"{public}/erasures/{token}", headers={"Accept": "application/json"}, timeout=30)
    health = requests.get(f"{public}/health/ready", timeout=30).json()

    assert status == 200
    assert "fewer than 5 people" in page
    assert len(files) > 5
    assert {path: get(public, path)[0] for path in files} == dict.fromkeys(files, 200)
    assert table.text.startswith("Day,Active in a day,Active in 7 days,Active in 30 days\r\n")
    assert len(table.text.splitlines()) == 91
    assert any(count.isdigit() and int(count) >= 5 for count in table.text.splitlines()[-1].split(","))
    assert (receipt.status_code, receipt.headers["Cache-Control"]) == (200, "no-store")
    assert "not everything is erased yet" in receipt.text
    assert told.json()["status"] == "waiting"
    assert health == {**health, "function": "public", "status": "ok", "dependencies": {"database": "ok"}}
    assert token not in (tmp_path / "public.log").read_text()


def test_nothing_of_the_team_is_there(public: str) -> None:
    """None of the dashboard's pages in any form, nor by any detour; whatever is asked for is answered 404."""
    pages = {*PAGES.values(), *routes.PAGES}
    forms = {f"{page}{'&' if '?' in page else '?'}{form}" for page in pages for form in ("embed=1", "csv=active")}
    forms |= {f"{page}?csv={chart}" for page in routes.PAGES for chart in CHARTS}
    detours = [
        f"{before}retention"
        for before in ("/public/../", "/public/", "/assets/../", "/assets/%2e%2e/", "/assets/x/%2e%2e%2f", "//", "/./")
    ]
    others = ["/public/", "/public/active", "/Public", "/public%00", "/erasures", "/erasures/", "/erasures/../public"]
    asked = [*pages, *forms, *detours, *others, "/erasures/../retention", "/static/page.css", "/assets/x/../desk.py"]

    answers = {path: get(public, path) for path in asked}

    assert {path: status for path, (status, _) in answers.items() if status != 404} == {}
    assert not any("<nav" in text or "data-value" in text for _, text in answers.values())
    assert requests.post(f"{public}/public", timeout=30).status_code == 405


def test_links_lead_somewhere(public: str) -> None:
    """The page, a receipt and what isn't there lead to what is there alone; to the contract where that is known."""
    page = get(public, "/public")[1]

    for text in (page, get(public, f"/erasures/{receipts.new_token()}")[1], get(public, "/retention")[1]):
        links = {one for one in re.findall(r'<a [^>]*href="([^"#]+)"', text) if "csv=" not in one}
        assert links <= {CONTRACT}
    assert CONTRACT in page


def test_its_page_is_off_unless_it_is_turned_on(public_url: str, tmp_path: Path) -> None:
    """Receipts are answered all the same, and no link leads to a contract that is who knows where."""
    with serve("public", {"RHESIS_DATABASE_URL": public_url}, tmp_path / "public.log") as url:
        status, text = get(url, "/public")
        receipt = get(url, f"/erasures/{receipts.new_token()}")

    assert (status, receipt[0]) == (404, 404)
    assert "There is no such receipt" in receipt[1]
    assert "<a href" not in text


def test_strangers_hear_of_no_faults_of_ours(tmp_path: Path) -> None:
    """Without its database it says to come back later, and nothing of what an operator would do."""
    settings = {"RHESIS_DATABASE_URL": "postgresql://nobody:password@127.0.0.1:1/nothing", "RHESIS_PUBLIC_PAGE": "true"}
    with serve("public", settings, tmp_path / "public.log") as url:
        status, text = get(url, "/public")

    assert status == 503
    assert "try again later" in text
    assert not re.search(r"telemetry (doctor|maintain)|127\.0\.0\.1|password", text)


def test_it_is_the_dashboards_own(public: str, dashboard: Dashboard, demo_url: str) -> None:
    """Where the dashboard shows the public page too, as on one machine, it shows the same."""
    client = dashboard(demo_url, RHESIS_PUBLIC_PAGE="true")

    assert client.get("/public?csv=active").text == get(public, "/public?csv=active")[1]
