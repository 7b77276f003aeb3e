"""The router by which a person sees, makes and takes back the choice, and has their events erased."""

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from rhesis_telemetry import contract
from rhesis_telemetry.delivery import Delivery
from rhesis_telemetry.tracking import new_receipt, request_erasure, set_telemetry_enabled, withdraw_telemetry


class User(Protocol):
    """A user whose class has the mixin `TelemetryConsent`. An `organization_id` is used where there is one."""

    id: Any

    @property
    def telemetry_agreed(self) -> bool:
        """Whether this person's events may be sent."""

    @property
    def telemetry_must_ask(self) -> bool:
        """Whether the person is to be asked."""

    def decide_telemetry(self, enabled: bool) -> None:
        """Keep the person's choice."""


class Status(BaseModel):
    """What a person has chosen."""

    telemetry_enabled: bool
    user_id: str


class Choice(BaseModel):
    """What a person has chosen, null where they are to be asked, and the contract that the choice is about."""

    telemetry_enabled: bool | None
    contract_version: int


class Changed(BaseModel):
    """What a person has just chosen."""

    telemetry_enabled: bool
    message: str


class Erasure(BaseModel):
    """What became of a person's request, and the token that its receipt can be fetched with, which is kept nowhere."""

    erasure: str
    message: str
    receipt: str | None


_ERASURE = {
    Delivery.DELIVERED: (200, "Your telemetry data will be erased within minutes."),
    Delivery.WAITING: (202, "Your request waits: the telemetry server can't be reached now. Please check again later."),
    Delivery.IMPOSSIBLE: (503, "Your request could not be sent. Please ask whoever runs this site."),
}


def telemetry_router(
    current_user: Callable[..., Any], session: Callable[..., Any], *, prefix: str = "/api/users/telemetry"
) -> APIRouter:
    """A router with `status`, `choice`, `enable`, `disable` and `data` of whoever is logged in.

    Args:
        current_user: The app's dependency that returns the user, or refuses who is not logged in. The user's class has
            the mixin `TelemetryConsent`.
        session: The app's dependency that returns the SQLAlchemy session, synchronous or asynchronous; best the one
            that `current_user` loads the user with.
        prefix: The path before the five.
    """
    router = APIRouter(prefix=prefix, tags=["telemetry"])
    CurrentUser = Annotated[Any, Depends(current_user)]  # noqa: N806 - a type
    Session = Annotated[Any, Depends(session)]  # noqa: N806 - a type

    @router.get("/status")
    async def status(user: CurrentUser) -> Status:
        """Whether telemetry is enabled for the person."""
        return Status(telemetry_enabled=user.telemetry_agreed, user_id=str(user.id))

    @router.get("/choice")
    async def choice(user: CurrentUser) -> Choice:
        """As `status`, but telling who is to be asked from who said no."""
        enabled = user.telemetry_agreed or (None if user.telemetry_must_ask else False)
        return Choice(telemetry_enabled=enabled, contract_version=contract.VERSION)

    @router.put("/enable")
    async def enable(user: CurrentUser, session: Session) -> Changed:
        """Enable telemetry for the person."""
        await _decide(user, session, enabled=True)
        return Changed(telemetry_enabled=True, message="Thank you for helping improve Rhesis!")

    @router.put("/disable")
    async def disable(user: CurrentUser, session: Session) -> Changed:
        """Disable telemetry for the person, and discard what of them is not sent yet."""
        await _decide(user, session, enabled=False)
        return Changed(telemetry_enabled=False, message="Telemetry has been disabled.")

    @router.delete("/data")
    async def erase(user: CurrentUser, response: Response) -> Erasure:
        """Ask for the person's events to be erased. 202 when the request waits, 503 when it can't be sent."""
        receipt = new_receipt()
        delivery = await run_in_threadpool(request_erasure, user.id, receipt=receipt)
        response.status_code, message = _ERASURE[delivery]
        sent = None if delivery is Delivery.IMPOSSIBLE else receipt
        return Erasure(erasure=delivery.value, message=message, receipt=sent)

    return router


async def _decide(user: User, session: Any, *, enabled: bool) -> None:  # noqa: ANN401 - Session or AsyncSession
    # Once they are committed, reading them may go to the database.
    user_id, organization_id = user.id, getattr(user, "organization_id", None)
    if not enabled:
        # Before it is kept, so that nothing leaves in between.
        set_telemetry_enabled(False, user_id, organization_id)
        await run_in_threadpool(withdraw_telemetry, user_id)
    user.decide_telemetry(enabled)
    await _finished(await run_in_threadpool(session.merge, user))
    await _finished(await run_in_threadpool(session.commit))
    if enabled:
        set_telemetry_enabled(True, user_id, organization_id)


async def _finished(result: object | Awaitable[object]) -> None:
    """Wait for what an asynchronous session has only begun."""
    if isawaitable(result):
        await result
