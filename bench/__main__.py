"""Run the measurements that take minutes, or those that are named: `python -m bench [NAME ...]`."""

import sys
from importlib import import_module

QUICK = ("imports", "privacy", "ingest", "store", "end_to_end", "fleet", "scaling_workers", "fairness", "python_client")
LARGE = ("analytics", "dashboard", "rows_behind", "faults", "abuse")
"""A quarter of an hour each or more, but for abuse; the first two with 10 million events, which are several gigabytes,
the third with up to 100 million."""


def main() -> int:
    """Run the parts one after the other."""
    chosen = sys.argv[1:] or QUICK
    unknown = set(chosen) - {*QUICK, *LARGE}
    if unknown:
        sys.stderr.write(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join((*QUICK, *LARGE))}\n")
        return 2
    for part in chosen:
        print(f"\n{part}\n", flush=True)
        import_module(f"bench.{part}").main()
    return 0


sys.exit(main())
