"""A rotation changes no number: who was there before it and is there after it is one person."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection

from rotation import Pipeline, as_one_person
from stored_events import assert_views_answer, stored

BEFORE = {
    "stays": (75, 68, 61, 54, 47, 40, 33),
    "each day": tuple(range(50, 31, -1)),
    "comes back": (70,),
    "leaves": (45, 44),
    "on the day": (31.0,),
}
AFTER = {
    "stays": (26, 19, 12, 5, 0),
    "each day": tuple(range(30, -1, -1)),
    "comes back": (2, 1),
    "is new": (20, 13, 6, 0),
    "on the day": (30.9, 23),
    # A client's queue: from before the rotation, received after it.
    "late": (60, 3),
}
USERS = {*BEFORE, *AFTER}


@pytest.fixture
def rotated(pipeline: Pipeline, maintain: FlaskClient) -> Pipeline:
    """People before a rotation, counted, and after it."""
    pipeline.hold(1)
    pipeline.visit(BEFORE)
    assert maintain.post("/").status_code == 200
    pipeline.hold(2, previous=1)
    pipeline.visit(AFTER)
    return pipeline


@pytest.mark.usefixtures("rotated")
def test_every_view_answers_as_if_there_had_been_no_rotation(maintain: FlaskClient, connection: Connection) -> None:
    """Active people by day, week and month, cohorts, n-day retention, lifecycle; at once, and when it is counted."""
    events = as_one_person(stored(connection), USERS)
    assert len(events) == sum(map(len, (*BEFORE.values(), *AFTER.values())))
    assert len({event.user_id for event in stored(connection)}) > len({event.user_id for event in events}) == len(USERS)

    assert_views_answer(connection, events)
    assert maintain.post("/").status_code == 200
    assert_views_answer(connection, events)


def test_without_the_overlap_everybody_is_new(
    pipeline: Pipeline, maintain: FlaskClient, connection: Connection
) -> None:
    """The control: it is the link that makes them one."""
    pipeline.hold(1)
    pipeline.visit(BEFORE)
    maintain.post("/")
    pipeline.hold(2)
    pipeline.visit(AFTER)
    maintain.post("/")

    assert_views_answer(connection, stored(connection))
