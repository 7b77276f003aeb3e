"""`GET /.well-known/telemetry.json`: the contract, for programs to read."""

import json

from edge import Edge
from telemetry_pipeline import contract

PATH = "/.well-known/telemetry.json"


def test_it_names_all_that_may_be_stored(edge: Edge) -> None:
    """Every attribute of every event, why it is collected, and what is done to it."""
    response = edge.client.get(PATH, headers={"Origin": "https://app.example"})

    assert (response.status_code, response.mimetype) == (200, "application/json")
    assert response.headers["Access-Control-Allow-Origin"] == "https://app.example"
    told = json.loads(response.data)
    assert (told["version"], told["retention_months"]) == (contract.VERSION, contract.RETENTION_MONTHS)
    named = {
        event["name"]: {attribute["name"] for attribute in event["attributes"]}
        for event in (*told["events"], *told["requests"])
    }
    assert named == {
        event.name: {attribute.name for attribute in (*event.required, *event.optional)}
        | ({"metadata.*"} if event.has_metadata else set())
        for event in (*contract.EVENTS, *contract.REQUESTS)
    }
    attributes = [one for event in (*told["events"], *told["requests"]) for one in event["attributes"]]
    assert all(one["reason"] for one in attributes)
    assert {one["kept_as"] for one in attributes} <= told["kept_as"].keys()
    assert {one["name"] for one in told["read_but_never_kept"]} == {
        one.name for one in contract.ATTRIBUTES if not one.column and one is not contract.EVENT_CATEGORY
    }


def test_it_is_sent_again_only_if_it_changed(edge: Edge) -> None:
    """A reader that has it is told so."""
    tag = edge.client.get(PATH).headers["ETag"]

    assert edge.client.get(PATH, headers={"If-None-Match": tag}).status_code == 304


def test_it_is_only_read(edge: Edge) -> None:
    """As everything that is not an export."""
    assert edge.client.post(PATH).status_code == 405
