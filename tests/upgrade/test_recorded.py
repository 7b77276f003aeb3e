"""No contract is replaced before what was written under it is recorded."""

from recordings import DIRECTORY, LAST_MIGRATION, recordings
from telemetry_pipeline import contract


def test_every_older_contract_is_recorded() -> None:
    """tests/fixtures/upgrade/README.md tells how, and when a recording may go."""
    assert {one.contract_version for one in recordings()} >= set(range(1, contract.VERSION))


def test_every_recording_is_described() -> None:
    """The table says which commit it is of, and the tests know its schema."""
    described = (DIRECTORY / "README.md").read_text()

    assert [one.name for one in recordings() if f"| {one.name} | {one.contract_version} |" not in described] == []
    assert {one.name for one in recordings()} == set(LAST_MIGRATION)
