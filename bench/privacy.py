"""What privacy costs: nanoseconds per call for typical values, and growth for texts made to be slow.

Run as `python -m bench.privacy`. A text ten times as long should take about ten times as long.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, takewhile
from time import perf_counter_ns

from bench import report
from telemetry_pipeline.privacy import Pseudonymiser, is_sensitive_key, path_template, scrub

SECONDS = 0.05
SIZE = 1_000
END = "4111@"
"""Fails what would have matched up to there."""

TYPICAL = (
    (scrub, "login"),
    (scrub, "rhesis-backend"),
    (scrub, "0.4.0"),
    (scrub, "0.11777877807617188"),
    (scrub, "5b0a8f5e-6a0d-4c5a-9d0e-00000000000a"),
    (scrub, "camelCaseName"),
    (scrub, "mail alice@example.org about it"),
    (scrub, "Grüße aus Köln"),
    (scrub, "Grüße von alice\uff20example.org"),
    (scrub, "The quick brown fox, twice: jumps over 2 lazy dogs & more. " * 4),
    (path_template, "/auth/login"),
    (path_template, "/test_runs/6f1c7f5e-6a0d-4c5a-9d0e-000000000000/export"),
    (path_template, "https://h.example/v1/users/alice?email=alice@example.org"),
    (is_sensitive_key, "login_method"),
    (is_sensitive_key, "userEmail"),
)

UNITS = {
    "letters": "a",
    "capitals": "A",
    "digits": "1",
    "hexadecimal": "a1",
    "blanks": " ",
    "at signs": "a@",
    "addresses cut short": "a@b.",
    "numeric domains": "a@1.1.",
    "percent signs": "%20",
    "encoded at signs": "%40",
    "encodings of encodings": "%25",
    "dots": "1.",
    "octets": "255.",
    "groups of digits": "4111 ",
    "card after card": "4111 1111 1111 1112 ",
    "digits and dashes": "1-",
    "plus signs": "+1",
    "parentheses": "(0",
    "zeros": "01 ",
    "colons": ":",
    "hexadecimal colons": "a:",
    "times": "12:34:",
    "double colons": "1::",
    "brackets": "[",
    "quotes": '"',
    "quoted addresses": '"a',
    "backslashes": "\\",
    "escapes": "\\u0040",
    "slashes": "/",
    "schemes": "a://",
    "schemes with users": "a://b:c",
    "questions": "a?",
    "fragments": "#a",
    "tokens": "eyJ",
    "key prefixes": "sk-",
    "long key prefixes": "AKIA",
    "private keys": "-----BEGIN PRIVATE KEY-----",
    "dashes": "-",
    "passwords": "password",
    "passwords with blanks": "password ",
    "passwords with values": 'password: "',
    "cookies": "cookie:",
    "bearers": "bearer ",
    "basics": "basic ab",
    "ibans": "DE89",
    "entities": "&#",
    "soft hyphens": "\u00ad",
    "combining marks": "\u0301",
    "combining marks of two classes": "\u0301\u0323",
    "ligatures": "\ufdfa",
    "full-width digits": "\uff11",
    "surrogates": "\ud800",
    "braces": "{",
    "redactions": "[redacted]",
}


def nanoseconds(function: Callable[[str], object], text: str) -> float:
    """The best time of a call, in nanoseconds."""
    best = float("inf")
    deadline = perf_counter_ns() + SECONDS * 1e9
    for _ in takewhile(lambda repeat: repeat < 5 or perf_counter_ns() < deadline, count()):
        start = perf_counter_ns()
        function(text)
        best = min(best, perf_counter_ns() - start)
    return best


def main() -> None:
    """Print both tables and write them down."""
    pseudonym = partial(Pseudonymiser(b"k" * 32, 1).pseudonym, "user")
    typical = [*((function.__name__, function, text) for function, text in TYPICAL)]
    typical += [("pseudonym", pseudonym, text) for text in ("4b29b955deeafe3b", "0b3c7f5e-6a0d-4c5a-9d0e-000000000000")]
    calls = [
        (f"{name} `{ascii(text)[:50]}`", f"{nanoseconds(function, text):,.0f}") for name, function, text in typical
    ]
    growth = [(name, *(f"{cost:.1f}" for cost in _costs(unit))) for name, unit in UNITS.items()]
    columns = (
        "made to be slow, ns per character",
        "scrub",
        "scrub, ten times as long",
        "path",
        "path, ten times as long",
    )
    report.write("privacy", __doc__, f"{report.table(('call', 'ns'), calls)}\n\n{report.table(columns, growth)}")


def _costs(unit: str) -> Iterator[float]:
    texts = [(unit * size)[: size - len(END)] + END for size in (SIZE, 10 * SIZE)]
    for function in (scrub, path_template):
        for text in texts:
            yield nanoseconds(function, text) / len(text)


if __name__ == "__main__":
    main()
