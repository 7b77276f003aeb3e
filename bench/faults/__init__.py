"""What a pipeline under random faults loses, doubles or betrays: nothing.

Each round breaks one or two of its parts for up to three seconds, while senders export as SDKs do: the same request
again until it is acknowledged. Then all is healed, the senders pause, and it is asked: is every acknowledged event a
row; is every row an event that was sent, and there once; does anything in the tables, on the bus or in the logs name
anybody; and how long did it take until all that was acknowledged was a row. The rounds follow from the seed.

Run as `python -m bench faults`, or `python -m bench.faults --rounds 20 --seed 7`. Linux.
"""

from bench.faults.rounds import main

__all__ = ["main"]
