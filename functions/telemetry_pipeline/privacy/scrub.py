"""Free text loses what identifies somebody or opens something.

Detection works on the text as a reader sees it (`folding`), replacement on the text as it came, so that prose in any
script stays as it is. What is found becomes `[redacted]`, ids of things become `{id}`; no pattern finds anything in
either, and the patterns are applied until none finds anything any more.
"""

import re

from telemetry_pipeline.privacy.folding import fold, is_ordinary
from telemetry_pipeline.privacy.patterns import rules_for
from telemetry_pipeline.privacy.rules import REDACTED

_ROUNDS = 6
"""Two are the rule: one that replaces and one that finds nothing left."""

_PLAIN = re.compile(
    r"""
      (?: [A-Z]?[a-z]{1,14} | [A-Z]{1,5} )
      (?: [ _.-]
          (?<!sk-) (?<!rh-) (?<!SG\.) (?<!k_live_) (?<!k_test_) (?<!whsec_) (?<!xapp-) (?<!xox[a-z]-)
          (?<!gl[a-z]{2}-) (?<!gl[a-z]{3}-) (?<!gl[a-z]{4}-) (?<!gl[a-z]{5}-)       # beginnings of short keys
          (?: [A-Z]?[a-z]{1,14} | [A-Z]{1,5} )
      )*
    | [0-9]{1,3} (?: \.[0-9]{1,3} ){0,2}                                           # a small number, a version
    | -? (?: [0-9]{1,5} (?:\.[0-9]+)? | [0-9]{1,12} \.[0-9]*[1-9][0-9]* ) (?: [eE][+-]?[0-9]{1,3} )?
    """,
    re.VERBOSE,
)
"""Words, versions and measurements, which most texts are. No pattern could find anything in them: words are too short
for a key or an id, and a number with a fraction is nobody's."""


def scrub(text: str) -> str:
    """Replace what identifies or opens by `[redacted]`, ids of things by `{id}`.

    Scrubbing again changes nothing. Time is linear in the text's length. A text in which something is still found after
    some rounds is one made to be so; it is replaced as a whole.
    """
    if _PLAIN.fullmatch(text):
        return text
    for _ in range(_ROUNDS):
        scrubbed = _once(text)
        if scrubbed == text:
            return text
        text = scrubbed
    return REDACTED


def _once(text: str) -> str:
    if is_ordinary(text):
        return _once_ordinary(text)
    folded = fold(text)
    if _once_ordinary(folded.text) == folded.text:
        return text
    for rule in rules_for(folded.text):
        folded.replace(rule.pattern, rule.replace)
    return folded.original()


def _once_ordinary(text: str) -> str:
    for rule in rules_for(text):
        text = rule.pattern.sub(rule.replace, text)
    return text
