"""`python -m bench.scaling`."""

from bench.scaling import main

main()
