"""A small desk: a real decider learned from made-up tickets, an empty store, and tickets to route."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from agents.routing.deciding import Asked
from agents.routing.policy import RoutingPolicy, load_policy
from agents.routing.router import Router
from telcollm.decider.decider import open_decider
from telcollm.decider.plain import fit_plain
from telcollm.decider.rows import ROW_VERSION
from telcollm.decider.spec import DeciderSpec, Threshold, write_spec
from telcollm.guard import Guard
from telcollm.records import TopologyElement, TroubleTicket
from telcollm.store.opening import Stores
from telcollm.topology import Topology
from tests.finetune.tickets import rows

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TEAMS = ("core_network", "field_power", "radio_access")
_TEAM_OF = dict(zip(("core", "field", "radio"), TEAMS, strict=True))
_CHINESE = {
    "core_network": ["路由震荡", "邻居中断", "核心网元告警"],
    "field_power": ["市电停电", "电池告警", "油机故障"],
    "radio_access": ["小区退服", "驻波告警", "天线倾角异常"],
}
GUARD = Guard(b"0123456789abcdef", remember=False)


def at(minutes: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def ticket(ticket_id: str = "t1", description: str = "cell down at night", **fields: Any) -> TroubleTicket:
    """A ticket that came in at noon, unless `creation_date` says otherwise."""
    values: dict[str, Any] = {"tenant": "acme", "creation_date": NOON, "channel": "noc", **fields}
    return TroubleTicket(ticket_id=ticket_id, description=description, **values)


def desk_rows(count: int = 360) -> list[dict[str, object]]:
    """Tickets of three teams in two languages; the words tell the team."""
    made: list[dict[str, object]] = []
    for place, row in enumerate(rows(count, wrong_ratio=0.0)):
        team = _TEAM_OF[str(row["team"])]
        text = str(row["description"])
        if place % 3 == 0:
            words = _CHINESE[team]
            text = f"值班报告，{words[place % len(words)]}，请尽快处理，编号{place}"
        made.append({"description": text, "channel": "noc", "team": team})
    return made


def learn(folder: Path, *, label: str = "team", threshold: float = 0.0) -> Path:
    """Return the folder of a decider learned by the plain expert alone."""
    table = desk_rows()
    labels = tuple(sorted({str(row[label]) for row in table}))
    spec = DeciderSpec(
        name="desk",
        text_columns=("description", "channel"),
        label_column=label,
        labels=labels,
        row_version=ROW_VERSION,
        mix={"plain": 1.0},
        threshold=Threshold(threshold),
        plain=True,
    )
    answers = [labels.index(str(row[label])) for row in table]
    expert = fit_plain(
        table[:240], answers[:240], spec, validation_rows=table[240:], validation_labels=answers[240:]
    )
    expert.save(folder)
    write_spec(spec, folder)
    return folder


def asked(folder: Path) -> Asked:
    """The decider in a folder, and its expert."""
    return Asked(
        open_decider(folder, None, guard=GUARD),
        open_decider(folder, None, guard=GUARD, plain_only=True),
        "desk@1",
    )


def topology() -> Topology:
    """Two cells on a router that carries a service, and one object of another tenant."""
    return Topology(
        [
            TopologyElement(tenant="acme", element_id="cell-7", element_type="cell", services=("svc-70",)),
            TopologyElement(tenant="acme", element_id="cell-77", element_type="cell"),
            TopologyElement(
                tenant="acme", element_id="router-1", element_type="router", services=("svc-10",)
            ),
            TopologyElement(tenant="other", element_id="cell-9", element_type="cell"),
        ]
    )


def router(
    stores: Stores, team: Asked | None = None, policy: RoutingPolicy | None = None, **fields: Any
) -> Router:
    """A router over the stores and the small topology, by the example policy unless another is given."""
    return Router(stores, topology(), policy or load_policy(), GUARD, team=team, **fields)
