"""k-anonymity: which counts of people may be shown, so that no small group can be worked out from the others.

A count from 1 to k-1 is hidden. Where a whole is shown beside its parts, a single hidden part would be the difference:
so another part is hidden with it (complementary suppression), the smallest that will do, or in the end the whole.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

Cell = TypeVar("Cell", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Hidden:
    """Stands for a count that isn't shown."""

    text: str

    def __str__(self) -> str:
        return self.text


def is_small(count: int, k: int) -> bool:
    """Whether a group of so many people is too small to be shown."""
    return 0 < count < k


def small(k: int) -> Hidden:
    """A count that is hidden since it is below k."""
    return Hidden(f"< {k}")


WITHHELD = Hidden("hidden")
"""A count that is hidden since it is below k, or since one that is could be worked out from it."""


def withheld(counts: Mapping[Cell, int], sums: Iterable[tuple[Cell, ...]], k: int) -> frozenset[Cell]:
    """The cells to hide.

    Args:
        counts: People in each cell.
        sums: Which cells add up: a whole, and after it its parts; cells that are not in `counts` are left out.
            Somebody may be in several parts, so that the whole is less than their sum: that only adds to the doubt.
        k: The smallest group that is shown; 1 hides nothing.
    """
    if k <= 1:
        return frozenset()
    hidden = {cell for cell, count in counts.items() if is_small(count, k)}
    known = [[cell for cell in cells if cell in counts] for cells in sums if cells[0] in counts]
    # Hiding a cell of one sum may leave another with a single hidden part: until nothing changes.
    while sum(_complete(counts, whole, parts, hidden, k) for whole, *parts in known):
        pass
    return frozenset(hidden)


def _complete(counts: Mapping[Cell, int], whole: Cell, parts: list[Cell], hidden: set[Cell], k: int) -> bool:
    """Hide one cell more of a sum if it needs it; whether it did."""
    if _is_safe(counts, whole, parts, hidden, k):
        return False
    shown = [part for part in parts if part not in hidden and counts[part]]
    hidden.add(min(shown, key=lambda part: counts[part]) if shown else whole)
    return True


def _is_safe(counts: Mapping[Cell, int], whole: Cell, parts: list[Cell], hidden: set[Cell], k: int) -> bool:
    secret = [part for part in parts if part in hidden]
    if whole in hidden:
        return bool(secret) or not any(counts[part] for part in parts)
    if not secret:
        return True
    rest = counts[whole] - sum(counts[part] for part in parts if part not in hidden)
    # Nobody must learn more of a hidden part than that it is not empty, and may be of any size below k.
    return len(secret) > 1 and rest - (len(secret) - 1) >= max(k - 1, 2)
