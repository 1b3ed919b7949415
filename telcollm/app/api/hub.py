"""Event subscription as TMF630 has it: a hub at each interface. Does not know how events are sent."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from telcollm.access import Action, Caller
from telcollm.app.api.asking import Place, asks
from telcollm.app.api.shapes import HubAnswer, HubRequest
from telcollm.app.services import subscriptions
from telcollm.store.subscriptions import Api


def hub_routes(router: APIRouter, api: Api) -> None:
    """Add subscribing and ending it to an interface's routes."""

    @router.post("/hub", status_code=201, operation_id=f"subscribe_{api}")
    def subscribe(
        workplace: Place, caller: Annotated[Caller, asks(Action.SUBSCRIPTION_WRITE)], wanted: HubRequest
    ) -> HubAnswer:
        """Subscribe to events; they come signed by the key that is shown this once."""
        made, key = subscriptions.subscribe(workplace, caller, api, wanted.callback, wanted.query)
        return HubAnswer(id=made.subscription_id, callback=made.callback, query=made.query, key=key)

    @router.delete("/hub/{subscription_id}", status_code=204, operation_id=f"unsubscribe_{api}")
    def unsubscribe(
        workplace: Place,
        caller: Annotated[Caller, asks(Action.SUBSCRIPTION_WRITE)],
        subscription_id: str,
    ) -> None:
        """End a subscription of one's own."""
        subscriptions.unsubscribe(workplace, caller, api, subscription_id)
