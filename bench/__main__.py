"""Run the measurements that take minutes, or those that are named: `python -m bench [NAME ...]`."""

import sys
from importlib import import_module

QUICK = (
    *("imports", "cold_start", "privacy", "ingest", "store", "end_to_end", "fleet", "scaling_workers", "fairness"),
    "python_client",
)
SIZING = ("parts", "machine", "sizes", "cost", "scaling")
"""What docs/cost.md and docs/scaling.md are made of, each from those before it; some minutes together."""
LARGE = ("analytics", "dashboard", "rows_behind", "faults", "abuse")
"""A quarter of an hour each or more, but for abuse; the first two with 10 million events, which are several gigabytes,
the third with up to 100 million."""


def main() -> int:
    """Run the parts one after the other."""
    chosen = sys.argv[1:] or (*QUICK, *SIZING)
    unknown = set(chosen) - {*QUICK, *SIZING, *LARGE}
    if unknown:
        sys.stderr.write(
            f"there is no part {', '.join(sorted(unknown))}; there are {', '.join((*QUICK, *SIZING, *LARGE))}\n"
        )
        return 2
    for part in chosen:
        print(f"\n{part}\n", flush=True)
        import_module(f"bench.{part}").main()
    return 0


sys.exit(main())
