"""`python -m bench.faults`."""

import sys

from bench.faults.rounds import main

sys.exit(main(sys.argv[1:]))
