"""Any bytes, for some seconds: what `make fuzz` does for a million executions, without a fuzzer to lead the way."""

import random

import pytest
from bench.fuzz.oracle import identifying
from bench.fuzz.seeds import SEEDS
from bench.fuzz.targets import TARGETS

EXECUTIONS = 4000


def changed(dice: random.Random, data: bytes, other: bytes) -> bytes:
    """Some bytes of it changed, cut out, repeated, or taken from another."""
    out = bytearray(data)
    for _ in range(dice.randrange(1, 5)):
        at = dice.randrange(len(out) + 1)
        match dice.randrange(5):
            case 0 if at < len(out):
                out[at] ^= 1 << dice.randrange(8)
            case 1:
                out[at:at] = dice.randbytes(dice.randrange(1, 5))
            case 2:
                del out[at : at + dice.randrange(1, 9)]
            case 3:
                out[at:at] = out[at : at + dice.randrange(1, 33)]
            case _:
                start = dice.randrange(len(other) + 1)
                out[at : at + dice.randrange(9)] = other[start : start + dice.randrange(1, 33)]
    return bytes(out)


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_keep_the_promises(name: str) -> None:
    """Changed requests, messages and texts, each time the same ones: what is taken of them is in order."""
    dice = random.Random(name)
    known = list(SEEDS[name]())
    for seed in known:
        TARGETS[name](seed)
    for _ in range(EXECUTIONS):
        data = changed(dice, dice.choice(known), dice.choice(known))
        try:
            TARGETS[name](data)
        except Exception as error:
            raise AssertionError(f"{name} fails for {data!r}") from error


@pytest.mark.parametrize(
    "text",
    ["alice@example.org", "6f1c7f5e-6a0d-4c5a-9d0e-0123456789ab", "postgres://bob:pass@db", "at 192.168.177.213"],
)
def test_the_oracle_knows_what_identifies(text: str) -> None:
    """Or it would find nothing because it can't."""
    assert identifying(text)
    assert not identifying("login of a test_run, 12.5 ms, version 1.2.3")
