"""Paths become templates: the endpoint stays, who or what it was about goes.

A template has at most 12 segments, each a plain word, a version or `{id}`; what is beyond is one `{rest}`. A plain word
says which endpoint it is; everything else says whose or which thing, and so does a word that follows a collection of
people (`/users/alice`). The template of a template is itself.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from telemetry_pipeline.privacy.cap import Cap
from telemetry_pipeline.privacy.scrub import scrub

ID = "{id}"
REST = "{rest}"
OTHER = "{other}"

MAX_SEGMENTS = 12
MAX_SEGMENT_CHARACTERS = 40
MAX_TEMPLATE_CHARACTERS = 256
_MAX_HYPHENS = 3
"""A word of more parts is a title that somebody gave: `/how-i-met-your-mother`."""

_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}:/+[^/?#\\]*|//(?=[^/?#\\]*[.:@])[^/?#\\]*")
_END = re.compile(r"[?#]")
_HUMPS = "(?: [A-Z]?[a-z]++ (?:[A-Z][a-z]++)* | [A-Z]+ )"
_WORD = re.compile(f"_{{0,2}} {_HUMPS} (?: [_-]{{1,2}} {_HUMPS} )* _{{0,2}}", re.VERBOSE)
_VERSION = re.compile(r"[vV][0-9]{1,3}(?:\.[0-9]{1,3}){0,2}(?:(?:alpha|beta|rc)[0-9]{0,3})?")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORDS_WITH_DIGITS = _words("2fa a11y e2e i18n k8s l10n mp3 mp4 oauth1 oauth2 s3 web3 .well-known")
_EXTENSIONS = _words(
    """
    action aspx avif css csv do docx gif gz htm html ico ics jpeg jpg js json jsonl jsp log map md mjs mp3 mp4 ndjson
    parquet pdf php png pptx rss svg tar tsv ttf txt wasm webmanifest webp woff xls xlsx xml yaml yml zip
    """
)
_PEOPLE = _words(
    """
    account accounts author authors client clients companies company contact contacts customer customers employee
    employees follower followers following friend friends group groups member members namespace namespaces org
    organisation organisations organization organizations orgs owner owners patient patients people person persons
    profile profiles student students team teams tenant tenants u user username usernames users workspace workspaces
    """
)
_ACTIONS = _words(
    """
    activate active activity add admin admins all analytics api archive assign auth authorize avatar batch billing
    bulk callback cancel change check code comments confirm confirmation count create current dashboard deactivate
    default delete details devices disable docs documents domains download edit email enable endpoints events exists
    export features feedback files find forgot health help history id ids import info integrations invitation
    invitations invite invites items join key keys leave limits list login logout lookup me merge messages metrics
    mfa models new notifications oauth onboarding overview page password permission permissions plan plans policies
    preferences project projects public quota recent refresh register remove reports reset restore result results
    role roles run runs scim search secret secrets security self send session sessions set sets settings setup share
    signin signout signup sso stats status subscription subscriptions suggest summary switch sync tasks template
    templates test tests token tokens transfer type types update upload usage validate verification verify version
    view whoami
    """
)


def path_template(path: str) -> str:
    """The template of a raw path, a URL or a template: printable ASCII, at most 256 characters, `/` for an empty one.

    Scheme, host, query, fragment, empty and dot segments and the trailing slash are cut; percent-encoding is undone
    once; a segment's parameters (`;jsessionid=1`) are cut too. Time is linear in the path's length.
    """
    path = path.strip()
    origin = _ORIGIN.match(path)
    path = _END.split(path[origin.end() if origin else 0 :], maxsplit=1)[0]
    return "/" + "/".join(_bounded(_templates(_resolved(path))))


def _resolved(path: str) -> list[str]:
    """The path's segments, decoded; `..` takes one back (RFC 3986, section 5.2.4)."""
    segments: list[str] = []
    for segment in (unquote(part.partition(";")[0]) for part in path.split("/")):
        if segment == "..":
            del segments[-1:]
        elif segment not in {"", "."}:
            segments.append(segment)
    return segments


def _templates(segments: Iterable[str]) -> Iterator[str]:
    before = ""
    for segment in segments:
        if segment == REST:
            yield REST
            return
        kept = _is_plain(segment) and (before not in _PEOPLE or _is_action(segment))
        yield segment if kept else ID
        before = segment.lower() if kept else ""


def _bounded(segments: Iterable[str]) -> Iterator[str]:
    """The first segments; `{rest}` for those beyond the number of segments or of characters."""
    room = MAX_TEMPLATE_CHARACTERS - len("/" + REST)
    for number, segment in enumerate(segments, 1):
        room -= len("/" + segment)
        if segment == REST or number > MAX_SEGMENTS or room < 0:
            yield REST
            return
        yield segment


def _is_plain(segment: str) -> bool:
    """Whether this is a word of a programmer's, with or without a file's extension, or a version."""
    if len(segment) > MAX_SEGMENT_CHARACTERS:
        return False
    if segment in _WORDS_WITH_DIGITS or _VERSION.fullmatch(segment):
        return True
    word, dot, extension = segment.partition(".")
    if dot and extension not in _EXTENSIONS:
        return False
    return _WORD.fullmatch(word) is not None and word.count("-") <= _MAX_HYPHENS and scrub(word) == word


def _is_action(segment: str) -> bool:
    """Whether a word after a collection of people is one of the endpoint's own."""
    words = re.split("[_-]", segment.partition(".")[0].lower())
    return all(word in _ACTIONS or word in _PEOPLE for word in words)


class TemplateCap(Cap):
    """Keeps the number of distinct templates bounded; those beyond become `{other}`."""

    def __init__(self, limit: int) -> None:
        """Make a cap of `limit` templates for each of the first 256 services."""
        super().__init__(limit, OTHER)
