"""Text as a reader would see it: what hides a secret from a pattern is undone, for detection only.

Full-width and other Unicode digits, letters and signs become ASCII (NFKC, Unicode Standard Annex 15), invisible
characters and combining marks vanish, and percent-encoding and JSON's and HTML's escapes of ASCII are decoded. Each
character remembers the piece of the original that it stands for, so that all that is not replaced stays as it was.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

_UNUSUAL = re.compile(
    r"""
    [^\t\n\r\ -$'-\[\]-~]                   # neither ASCII nor blank, or one of % & \ with an escape after it
    (?: (?<![%&\\]) | (?<=%)[2-9A-Fa-f][0-9A-Fa-f] | (?<=&)\# | (?<=\\)u00 )
    """,
    re.VERBOSE,
)
_PERCENT = "%(?:25){0,8}"  # percent-encoding, also of percent-encoding
_MORE = f"(?:{_PERCENT}[89ABab][0-9A-Fa-f])"  # the second and further bytes of UTF-8
_ESCAPES = re.compile(
    rf"""
    {_PERCENT} (?P<percent> [2-7][0-9A-Fa-f] )
    | (?P<utf8> {_PERCENT} (?: [CDcd][0-9A-Fa-f] {_MORE} | [Ee][0-9A-Fa-f] {_MORE}{{2}} | [Ff][0-4] {_MORE}{{3}} ) )
    | \\{{1,8}} u00 (?P<json> [2-7][0-9A-Fa-f] )
    | &\#[xX]0{{0,8}} (?P<html> [2-7][0-9A-Fa-f] ) ;
    | &\#0{{0,8}} (?P<html_decimal> [0-9]{{2,3}} ) ;
    """,
    re.VERBOSE,
)
_PERCENT_SIGNS = re.compile(_PERCENT)
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Me", "Mn"})
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_SIGNS = {"Pd": "-", "Zl": "\n", "Zp": "\n", "Zs": " "}
_QUOTES = {
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2018\u2019\u201a\u201b", "'"),
}
_ALIKE = {**_QUOTES, "\u3002": ".", "\u2044": "/", "\u0130": "I", "\u0131": "i"}


def is_ordinary(text: str) -> bool:
    """Whether the text is its own folded form: printable ASCII without escapes."""
    return _UNUSUAL.search(text) is None


@dataclass(slots=True)
class Folded:
    """A folded text and, for each of its characters, the piece of the original that it stands for.

    A piece is empty where one original character became several; the first of them has it.
    """

    text: str
    pieces: list[str]

    def original(self) -> str:
        """The original text with what was replaced."""
        return "".join(self.pieces)

    def replace(self, pattern: re.Pattern[str], replacement: Callable[[re.Match[str]], str]) -> None:
        """Replace matches in the folded text and the pieces that they stand for in the original."""
        text: list[str] = []
        pieces: list[str] = []
        done = 0
        for match in pattern.finditer(self.text):
            new = replacement(match)
            kept = _common(match.group(), new)
            if kept == len(match.group()) == len(new):
                continue
            start, end = self._widened(match.start() + kept, match.end())
            text += self.text[done:start], new[kept:]
            pieces += [*self.pieces[done:start], *new[kept:]]
            done = max(done, end)
        if done:
            self.text = "".join(text) + self.text[done:]
            self.pieces = pieces + self.pieces[done:]

    def _widened(self, start: int, end: int) -> tuple[int, int]:
        """The range, widened so that no original character is cut in two."""
        while start and start < len(self.pieces) and not self.pieces[start]:
            start -= 1
        while end < len(self.pieces) and not self.pieces[end]:
            end += 1
        return start, end


def fold(text: str) -> Folded:
    """Fold a text; linear in its length."""
    characters: list[str] = []
    pieces: list[str] = []
    piece: list[str] = []
    for seen, original in _seen(text):
        piece.append(original)
        if seen:
            characters.append(seen)
            pieces += ["".join(piece), *[""] * (len(seen) - 1)]
            piece.clear()
    # What can't be seen belongs to the character after it, at the end to nothing that could be replaced.
    return Folded("".join(characters), [*pieces, *piece])


def _seen(text: str) -> Iterator[tuple[str, str]]:
    """What each part of the text looks like, and that part."""
    done = 0
    for escape in _ESCAPES.finditer(text):
        yield from ((_shape(character), character) for character in text[done : escape.start()])
        yield "".join(map(_shape, _decoded(escape))), escape.group()
        done = escape.end()
    yield from ((_shape(character), character) for character in text[done:])


def _decoded(escape: re.Match[str]) -> str:
    match escape.lastgroup:
        case "utf8":
            return bytes.fromhex(_PERCENT_SIGNS.sub("", escape["utf8"])).decode(errors="ignore")
        case "html_decimal":
            return chr(int(escape["html_decimal"]))
        case group:
            return chr(int(escape[group or 0], 16))


@lru_cache(maxsize=4096)
def _shape(character: str) -> str:
    """The ASCII that a character can pass for, else itself; empty if it can't be seen."""
    if character in "\t\n\r" or "!" <= character <= "~":
        return character
    if character in _BLANK_LETTERS:
        return ""
    return "".join(map(_look, unicodedata.normalize("NFKC", character)))


def _look(character: str) -> str:
    category = unicodedata.category(character)
    if category in _UNSEEN:
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(character))
    return _ALIKE.get(character) or _SIGNS.get(category, character)


def _common(one: str, other: str) -> int:
    """The length of the common beginning."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
