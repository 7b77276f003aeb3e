"""Checks that a pattern can't make: check digits, counts of characters, what base64 decodes to."""

import re
from base64 import urlsafe_b64decode
from itertools import accumulate, pairwise

_CARD_DIGITS = range(13, 20)
_DOUBLED = str.maketrans("0123456789", "0246813579")


def without_cards(text: str, replacement: str) -> str:
    """Replace what may be card numbers in a text of groups of digits.

    Groups have three digits or more, as they are printed on cards; dates are thereby none.
    """
    groups = list(re.finditer("[0-9]+", text))
    done = 0
    kept: list[str] = []
    for first, group in enumerate(groups):
        end = _card_end(groups[first : first + 7]) if group.start() >= done else 0
        if end:
            kept += text[done : group.start()], replacement
            done = end
    return "".join(kept) + text[done:]


def _card_end(groups: list[re.Match[str]]) -> int:
    """Where the card number that begins with the first group ends; 0 if none does."""
    if groups[0].group()[0] not in "23456" or len(groups[0].group()) not in {3, 4, *_CARD_DIGITS}:
        return 0
    for digits, group in zip(accumulate(group.group() for group in groups), groups, strict=True):
        if len(group.group()) < 3 or len(digits) > _CARD_DIGITS[-1]:
            return 0
        if len(digits) in _CARD_DIGITS and passes_luhn(digits):
            return group.end()
    return 0


def passes_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    doubled = digits[-2::-2].translate(_DOUBLED)
    return (sum(map(int, digits[-1::-2])) + sum(map(int, doubled))) % 10 == 0


def without_iban(text: str, replacement: str) -> str:
    """Replace the longest beginning that is an IBAN (15 to 34 characters, ISO 13616, remainder 1 modulo 97)."""
    ends = [place.end() for place in re.finditer("[A-Za-z0-9]", text)]
    for length in range(min(34, len(ends)), 14, -1):
        end = ends[length - 1]
        if _passes_mod_97(re.sub("[ -]", "", text[:end])):
            return replacement + text[end:]
    return text


def _passes_mod_97(iban: str) -> bool:
    return int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97 == 1


def is_phone_length(text: str) -> bool:
    """Whether the text has as many digits as a national phone number, or two: 9 or more."""
    return sum(map(str.isdigit, text)) >= 9


def is_user_and_password(credentials: str) -> bool:
    """Whether this is the base64 of a text with a colon, as in RFC 7617."""
    credentials = credentials.rstrip("=").replace("+", "-").replace("/", "_")
    if len(credentials) % 4 == 1:
        credentials = credentials[:-1]
    return b":" in urlsafe_b64decode(credentials + "=" * (-len(credentials) % 4))


def is_hexadecimal_id(match: re.Match[str]) -> bool:
    """Whether a run of hexadecimal digits, 8 or more, is an id: neither a word, nor a number, nor a part of either.

    Digits alone are judged as a decimal number. A run without any digit is a word ("deadbeef") below 16 letters; of
    random 16, one in six million has none. A run inside a longer name needs 16 as well, with two digits.
    """
    run, text = match.group(), match.string
    digits = sum(map(str.isdigit, run))
    if digits == len(run) or _is_fraction(run, text[max(0, match.start() - 2) : match.start()]):
        return False
    if _is_glued(text[match.start() - 1 : match.start()]) or _is_glued(text[match.end() : match.end() + 1]):
        return len(run) >= 16 and digits >= 2
    return digits > 0 or len(run) >= 16


def _is_glued(neighbour: str) -> bool:
    return neighbour.isascii() and neighbour.isalnum()


def _is_fraction(run: str, before: str) -> bool:
    return re.fullmatch(r"[0-9]\.", before) is not None and re.fullmatch("[0-9]+[eE][0-9]*", run) is not None


def is_opaque(run: str) -> bool:
    """Whether a run of letters and digits has digits as only a made-up name has: three or more."""
    return sum(map(str.isdigit, run)) >= 3


def is_mixed(run: str) -> bool:
    """Whether a run mixes digits and both cases as only a made-up name does: three or more of each.

    A short one must change between letters and digits four times as well: a title with a date in it doesn't.
    """
    if any(sum(map(kind, run)) < 3 for kind in (str.isdigit, str.islower, str.isupper)):
        return False
    changes = sum(
        (one.isalpha() and other.isdigit()) or (one.isdigit() and other.isalpha()) for one, other in pairwise(run)
    )
    return len(run) >= 32 or changes >= 4
