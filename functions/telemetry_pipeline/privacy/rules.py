"""What a rule of the scrubbing is: where it may find something, what it finds, what that becomes."""

import re
from collections.abc import Callable
from dataclasses import dataclass

REDACTED = "[redacted]"
ID = "{id}"

Replacement = Callable[[re.Match[str]], str]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of thing that may not stay, and what it becomes.

    A text without one of the `signs`, one of the `words` (lower case) or as many ASCII `digits` needn't be searched.
    """

    name: str
    pattern: re.Pattern[str]
    replace: Replacement
    signs: frozenset[str]
    words: tuple[str, ...]
    digits: int

    def may_find(self, text: str, characters: set[str], digits: int) -> bool:
        """Whether a lower-case text, with these characters and as many digits, is worth a search."""
        return (
            digits >= self.digits
            and not (self.signs and self.signs.isdisjoint(characters))
            and not (self.words and not any(word in text for word in self.words))
        )


def rule(
    name: str,
    pattern: str,
    replacement: str | Replacement = REDACTED,
    *,
    signs: str = "",
    words: tuple[str, ...] = (),
    digits: int = 0,
    flags: int = 0,
) -> Rule:
    """A rule whose pattern is verbose."""
    replace = replacement if callable(replacement) else lambda _: replacement
    return Rule(name, re.compile(pattern, re.VERBOSE | flags), replace, frozenset(signs), words, digits)


def if_passes(check: Callable[[str], bool], replacement: str = REDACTED) -> Replacement:
    """Replace what passes the check, leave the rest."""
    return lambda match: replacement if check(match.group()) else match.group()


def after(group: str, replacement: str = REDACTED) -> Replacement:
    """Keep the group, which tells what was there, and replace what follows it."""
    return lambda match: match[group] + replacement
