"""What a model of the pipeline predicts for this machine, and for ten to 100,000 events a second in the cloud.

SimPy simulates arrivals, instances, the push window, group commit and the database (bench/scaling/model.py) with the
service times of `bench.parts`; the same seed gives the same figures. What it predicts for this machine stands beside
what `bench.machine` measured. In the cloud the busiest moment of a day has 1.6 times its mean, an instance has a CPU of
its own as fast as one here, and the autoscaler keeps CPUs and slots at 60 %; 20 ms for Pub/Sub's acknowledgement, 10 ms
for a push and 5 ms for a commit are assumed. Run as `python -m bench.scaling`.
"""


def main() -> None:
    """Print the tables and write them down."""
    from bench import report
    from bench.machine import Measured
    from bench.scaling import tables
    from bench.service_times import ServiceTimes
    from bench.sizes import Sizes

    report.write("scaling", __doc__, tables.figures(ServiceTimes.measured(), Sizes.measured(), Measured.last()))
