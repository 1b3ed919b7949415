"""The routing desk under test: the real router over a store that learns what was known ticket by ticket.

Before a ticket is routed, incidents and tickets that came before it are kept as the worker would have kept
them; the harness's clock runs meanwhile. Deliberately does not know the answers.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from benchmarks.scenarios.case import Case, Said
from benchmarks.scenarios.suite import NotAvailable, Options, Tell
from benchmarks.scenarios.version import weights_version
from telcollm.records import Incident, Route, TopologyElement, TroubleTicket
from telcollm.settings import Settings

if TYPE_CHECKING:
    from agents.routing.router import Router
    from telcollm.model.port import Usage
    from telcollm.store.opening import Stores
    from telcollm.topology import Topology

PRECISION: Final = 0.98
"""How many of a hundred automatic routes must be right where the threshold is chosen."""

NEVER: Final = 1.0 + 1e-9
_LEAST: Final = 30
"""So many automatic routes at least are needed for a threshold to mean anything."""


def threshold_for(confidence: Sequence[float], right: Sequence[bool], precision: float = PRECISION) -> float:
    """Return the least confidence from which on at least `precision` of the routes are right.

    More than 1 where there is none with thirty routes or more above it.

    >>> threshold_for([0.9] * 40 + [0.5] * 40, [True] * 40 + [False] * 40)
    0.9
    """
    ranked = sorted(zip(confidence, right, strict=True), key=lambda one: -one[0])
    best, hits = NEVER, 0
    for count, (sure, hit) in enumerate(ranked, start=1):
        hits += hit
        last = count == len(ranked) or ranked[count][0] < sure
        if last and count >= _LEAST and hits / count >= precision:
            best = sure
    return best


class TicketDesk:
    """One variant; see `benchmarks.scenarios.suite.System`."""

    def __init__(self, variant: str, inputs: Path, options: Options, settings: Settings, tell: Tell) -> None:
        from telcollm.decider.shelf import resolve
        from telcollm.store.opening import open_stores
        from telcollm.topology import Topology

        self._folder = Path(tempfile.mkdtemp(prefix="telcollm-tickets-"))
        self._settings = settings
        self._stores = open_stores(f"sqlite:///{self._folder / 'telcollm.db'}")
        try:
            topology = Topology(
                [
                    msgspec.json.decode(line, type=TopologyElement)
                    for line in _lines(inputs / "topology.jsonl")
                ]
            )
            self._incidents = [
                (datetime.fromisoformat(row["at"]), msgspec.convert(row["incident"], Incident))
                for row in map(msgspec.json.decode, _lines(inputs / "incidents.jsonl"))
            ]
            self._told = 0
            names = _deciders(variant, inputs, options, tell)
            self._router, self._threshold = self._opened(names, topology, inputs, variant, tell)
            self._names = names
            self._weights = {what: weights_version(resolve(name, settings)) for what, name in names.items()}
        except BaseException:
            self.close()
            raise
        self._variant = variant

    def _opened(
        self, names: Mapping[str, str], topology: Topology, inputs: Path, variant: str, tell: Tell
    ) -> tuple[Router, float]:
        rows = [msgspec.json.decode(line) for line in _lines(inputs / "threshold.jsonl")]
        tell(f"choosing the threshold on {len(rows):,} tickets of other days")
        first = _open(self._settings, self._stores, topology, names, None)
        routes = first.route([_ticket(row) for row in rows], decided_time=datetime(2026, 1, 1, tzinfo=UTC))
        right = [route.team == row["team"] for route, row in zip(routes, rows, strict=True)]
        threshold = threshold_for([route.confidence for route in routes], right)
        policy = self._folder / "policy.yaml"
        policy.write_text(_policy_text(min(1.0, threshold)), encoding="utf-8")
        return _open(self._settings, self._stores, topology, names, policy), threshold

    @property
    def identity(self) -> Mapping[str, str]:
        """Deciders, their weights and the threshold."""
        return {
            "variant": self._variant,
            "threshold": f"{self._threshold:.4f}",
            **{f"decider_{what}": Path(name).name for what, name in self._names.items()},
            **{f"weights_{what}": version for what, version in self._weights.items()},
        }

    def answer(self, case: Case) -> Said:
        """Return the route of a ticket, or both routes of one with and without an instruction."""
        ticket = msgspec.convert(case.inputs["ticket"], TroubleTicket)
        at = ticket.creation_date or datetime(2026, 1, 1, tzinfo=UTC)
        before = self._router.usage
        if case.inputs["kind"] == "order":
            forged = msgspec.structs.replace(ticket, description=case.inputs["order"])
            plain, ordered = (self._router.route([one], decided_time=at)[0] for one in (ticket, forged))
            outcome = {"plain": self._outcome(plain), "ordered": self._outcome(ordered)}
            return Said(case.case_id, outcome, text=ordered.reason, tokens=self._asked_since(before))
        self._advance(at)
        route = self._router.route([ticket], decided_time=at)[0]
        with self._stores.store.transaction() as transaction:
            transaction.put_tickets([ticket])
            transaction.put_routes([route])
        return Said(
            case.case_id,
            self._outcome(route),
            text=route.reason,
            tokens=self._asked_since(before),
            abstained=not self._automatic(route),
        )

    def _asked_since(self, before: Usage) -> int:
        return (self._router.usage - before).tokens_in

    def _automatic(self, route: Route) -> bool:
        return route.automatic and self._threshold <= 1.0

    def _outcome(self, route: Route) -> dict[str, Any]:
        return {
            "team": route.team,
            "top": [name for name, _ in route.alternatives],
            "priority": route.priority.value if route.priority else "",
            "confidence": round(route.confidence, 6),
            "automatic": self._automatic(route),
            "duplicate_of": route.duplicate_of,
            "parent_incident": route.parent_incident,
            "set_aside": len(route.set_aside),
        }

    def _advance(self, at: datetime) -> None:
        """Keep what became known of incidents up to a time."""
        told = self._told
        while told < len(self._incidents) and self._incidents[told][0] <= at:
            told += 1
        new = {one.incident_id: one for _, one in self._incidents[self._told : told]}
        self._told = told
        if new:
            with self._stores.store.transaction() as transaction:
                transaction.put_incidents(list(new.values()))

    def close(self) -> None:
        """Close the store and take its file away."""
        self._stores.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _open(
    settings: Settings, stores: Stores, topology: Topology, names: Mapping[str, str], policy: Path | None
) -> Router:
    from telcollm.app.routing import open_router

    return open_router(
        settings,
        stores,
        topology,
        policy=policy,
        team=names.get("team", ""),
        priority=names.get("priority", ""),
        rules_only=not names,
    )


def _deciders(variant: str, inputs: Path, options: Options, tell: Tell) -> dict[str, str]:
    """Return names or folders of the deciders of a variant; what the command names comes first."""
    from benchmarks.scenarios.tickets.learning import learned

    if variant == "rules":
        return {}
    plain = {what: str(learned(what, inputs, tell)) for what in ("team", "priority")}
    if variant == "tfidf":
        return plain
    team = options.deciders.get("team", "ticket-team")
    return {**plain, **options.deciders, "team": team}


def _policy_text(threshold: float) -> str:
    """Return the example policy with a threshold of its own."""
    from agents.routing.policy import EXAMPLE

    return f"{EXAMPLE.read_text(encoding='utf-8')}\nautomatic_from: {threshold!r}\n"


def _ticket(row: Mapping[str, Any]) -> TroubleTicket:
    return TroubleTicket(
        tenant="default",
        region=row["region"],
        ticket_id=row["ticket_id"],
        description=row["description"],
        severity=row["severity"],
        ticket_type=row["reported_type"],
        channel=row["channel"],
    )


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().splitlines()
    except OSError as error:
        message = (
            f"{path} cannot be read ({error}); the inputs as the suite made them are needed; take their "
            "folder away, and they are made anew"
        )
        raise NotAvailable(message) from error
