"""Paths become templates, and few of them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from telemetry_pipeline.privacy import TemplateCap, path_template
from telemetry_pipeline.privacy.templates import (
    MAX_SEGMENT_CHARACTERS,
    MAX_SEGMENTS,
    MAX_SERVICES,
    MAX_TEMPLATE_CHARACTERS,
    OTHER,
)

PATHS = yaml.safe_load(Path(__file__).with_name("templates.yaml").read_text(encoding="utf-8"))["paths"]

PIECES = [
    *PATHS,
    "/",
    "//",
    ".",
    "..",
    "%2e",
    "%2F",
    "%00",
    "{",
    "}",
    "{id}",
    "{rest}",
    ":",
    "@",
    "?",
    "#",
    "\\",
    "users",
]
ANY_PATH = st.text() | st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=20).map("".join)


@pytest.mark.parametrize(("path", "template"), PATHS.items(), ids=ascii)
def test_a_path_becomes_its_template(path: str, template: str) -> None:
    """Each path of the table becomes exactly the template beside it."""
    assert template == path_template(path)


@given(ANY_PATH)
def test_the_template_of_a_template_is_itself(path: str) -> None:
    """path_template(path_template(x)) is path_template(x), for any text."""
    template = path_template(path)

    assert template == path_template(template)


@given(ANY_PATH)
def test_a_template_is_bounded(path: str) -> None:
    """Whatever arrives, a template is short, printable and of few segments."""
    template = path_template(path)
    segments = template.split("/")[1:]

    assert template.startswith("/")
    assert template.isascii()
    assert template.isprintable()
    assert len(template) <= MAX_TEMPLATE_CHARACTERS
    assert len(segments) <= MAX_SEGMENTS + 1
    assert all(len(segment) <= MAX_SEGMENT_CHARACTERS for segment in segments)


@given(st.text("abcdefgh0123456789-@._%", min_size=1).filter(lambda one: any(map(str.isdigit, unquote(one)))))
def test_a_segment_with_a_digit_never_stays(segment: str) -> None:
    """Numbers, hashes and slugs with digits never reach a template."""
    assert path_template(f"/things/x{segment}/export") == "/things/{id}/export"


@given(st.text(st.characters(exclude_characters="/?#.;\\"), min_size=1).map(str.strip).filter(bool))
def test_a_path_with_a_person_in_it_names_nobody(person: str) -> None:
    """What follows a collection of people stays only if it is a word of the endpoint's own."""
    assert path_template(f"/users/{person} smith/edit") == "/users/{id}/edit"


def test_a_long_path_of_words_is_cut() -> None:
    """Words that are each short enough are still cut where all of them are too long."""
    template = path_template("/" + "/".join(["abcdefghijabcdefghijabcdefghij"] * 12))

    assert template.endswith("/{rest}")
    assert len(template) <= MAX_TEMPLATE_CHARACTERS


def test_known_templates_always_pass() -> None:
    """A template that was admitted once is admitted for ever, whatever came since."""
    cap = TemplateCap(2)

    assert [cap.admit("one", path) for path in ("/a", "/b", "/c", "/a", "/b")] == ["/a", "/b", OTHER, "/a", "/b"]


def test_each_service_has_its_own_cap() -> None:
    """One service's templates take no room from another's."""
    cap = TemplateCap(1)

    assert [cap.admit("one", "/a"), cap.admit("two", "/b")] == ["/a", "/b"]
    assert [cap.admit("one", "/b"), cap.admit("two", "/a")] == [OTHER, OTHER]


def test_services_are_capped_as_well() -> None:
    """Beyond the cap on services, an unknown one gets `{other}` and the known ones pass."""
    cap = TemplateCap(1)
    for number in range(MAX_SERVICES):
        cap.admit(f"service{number}", "/a")

    assert cap.admit("one more", "/a") == OTHER
    assert cap.admit("service0", "/a") == "/a"


@pytest.mark.parametrize(("service", "template"), [("s" * 10_000, "/a"), ("s", "/" + "a" * 10_000)])
def test_nothing_long_is_kept(service: str, template: str) -> None:
    """A text that is no template or no service's name takes no memory."""
    cap = TemplateCap(10)

    assert cap.admit(service, template) == OTHER
    assert not cap._known


def test_a_cap_of_nothing_admits_nothing() -> None:
    """With a limit of zero every template is `{other}`."""
    assert TemplateCap(0).admit("one", "/a") == OTHER


def test_threads_share_one_cap() -> None:
    """Many threads at once admit exactly as many templates as the cap allows."""
    cap = TemplateCap(50)
    with ThreadPoolExecutor(16) as threads:
        admitted = list(threads.map(lambda number: cap.admit("one", f"/{number % 200}"), range(4_000)))

    assert len(set(admitted)) == 51
