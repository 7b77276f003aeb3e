"""Run all measurements, or those that are named: `python -m bench [NAME ...]`."""

import sys
from importlib import import_module

PARTS = ("imports", "privacy", "ingest", "store", "end_to_end", "analytics", "dashboard")


def main() -> int:
    """Run the parts one after the other."""
    chosen = sys.argv[1:] or PARTS
    unknown = set(chosen) - set(PARTS)
    if unknown:
        sys.stderr.write(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}\n")
        return 2
    for part in chosen:
        print(f"\n{part}\n", flush=True)
        import_module(f"bench.{part}").main()
    return 0


sys.exit(main())
