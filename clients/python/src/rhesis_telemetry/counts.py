"""What became of the events of this process."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """Numbers of events since the process started.

    `waiting` are yet to be sent, `sent` have arrived, `rejected` arrived but broke the contract, `refused` were turned
    away, `dropped` gave way to newer ones or got too old, `discarded` were taken back because consent was withdrawn,
    `faults` could not be made.
    """

    waiting: int = 0
    sent: int = 0
    rejected: int = 0
    refused: int = 0
    dropped: int = 0
    discarded: int = 0
    faults: int = 0
