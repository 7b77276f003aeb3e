"""Which unit costs explain what was measured."""

from collections.abc import Sequence


def unit_costs(observed: Sequence[tuple[float, Sequence[float]]]) -> list[float]:
    """The costs per unit that come closest to what was measured: least squares of the relative errors, none below 0.

    Args:
        observed: What was measured, and the numbers of units that it was for.
    """
    rows = [[count / cost for count in counts] for cost, counts in observed]
    used = list(range(len(rows[0])))
    while True:
        costs = dict(zip(used, _solved([[row[unit] for unit in used] for row in rows]), strict=True))
        if min(costs.values()) >= 0 or len(used) == 1:
            return [max(costs.get(unit, 0.0), 0.0) for unit in range(len(rows[0]))]
        used.remove(min(costs, key=costs.__getitem__))


def _solved(rows: list[list[float]]) -> list[float]:
    """The least squares solution of `row · x = 1` for all rows, by the normal equations."""
    width = len(rows[0])
    matrix = [[sum(row[i] * row[j] for row in rows) for j in range(width)] for i in range(width)]
    right = [sum(row[i] for row in rows) for i in range(width)]
    for pivot in range(width):
        for below in range(pivot + 1, width):
            factor = matrix[below][pivot] / matrix[pivot][pivot]
            right[below] -= factor * right[pivot]
            matrix[below] = [one - factor * other for one, other in zip(matrix[below], matrix[pivot], strict=True)]
    solution = [0.0] * width
    for i in reversed(range(width)):
        rest = sum(matrix[i][j] * solution[j] for j in range(i + 1, width))
        solution[i] = (right[i] - rest) / matrix[i][i]
    return solution
