"""The toolbox: one run's door to all tools, under one budget.

Every call goes through `Toolbox.call`, which checks arguments, keeps to the budget, gives the first answer
again when the same is asked twice, and never raises: what goes wrong is an answer too. It does not know who
asks, nor what is concluded.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from agents.tools.answer import ToolAnswer, ToolBudget, ToolCall, ToolStatus
from agents.tools.arguments import ArgumentError, Arguments, check
from agents.tools.catalogue import TOOLS, Tool, ToolDescription
from agents.tools.found import (
    AlarmFact,
    CauseFact,
    ChangeFact,
    DiagnosisFact,
    Found,
    IncidentFact,
    KpiHistory,
    KpiSummary,
    LogTemplate,
    Neighbour,
    Passage,
    PathStep,
    Proposal,
    ServiceFact,
    SimilarIncident,
    TicketFact,
)
from agents.tools.paging import page_of, question_id, read_token
from agents.tools.sources import Finding, Sources
from telcollm.errors import TelcollmError
from telcollm.graph import CauseGraph
from telcollm.guard import Guard
from telcollm.ports import Scope
from telcollm.topology import Topology

if TYPE_CHECKING:
    from telcollm.knowledge.library import Library
    from telcollm.store.opening import Stores

DEFAULT_BUDGET = ToolBudget()


class Toolbox:
    """The tools of one run, for one caller. Calls come one after the other; `calls` keeps them in order."""

    def __init__(
        self,
        stores: Stores,
        topology: Topology,
        graph: CauseGraph | None,
        library: Library | None,
        *,
        scope: Scope,
        roles: Sequence[str],
        now: datetime,
        guard: Guard,
        budget: ToolBudget = DEFAULT_BUDGET,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look over what the caller's `scope` and `roles` may see, as of `now`; texts go through `guard`."""
        self._sources = Sources(
            stores, topology, graph, library, scope, tuple(roles), now, guard, budget.rows
        )
        self._budget = budget
        self._monotonic_s = monotonic_s
        self._began_s: float | None = None
        self._spent = 0
        self._calls: list[ToolCall] = []
        self._answers: dict[tuple[str, bytes], ToolAnswer[Any]] = {}
        self._findings: dict[str, Finding] = {}

    @property
    def stores(self) -> Stores:
        """The stores behind the tools."""
        return self._sources.stores

    @property
    def topology(self) -> Topology:
        """The topology within the caller's scope."""
        return self._sources.network

    @property
    def graph(self) -> CauseGraph | None:
        """The cause graph, where one has been learned."""
        return self._sources.graph

    @property
    def library(self) -> Library | None:
        """The knowledge base, where there is one."""
        return self._sources.library

    @property
    def scope(self) -> Scope:
        """What the caller may see."""
        return self._sources.scope

    @property
    def roles(self) -> tuple[str, ...]:
        """The caller's roles."""
        return self._sources.roles

    @property
    def now(self) -> datetime:
        """The time that the run takes for now."""
        return self._sources.now

    @property
    def guard(self) -> Guard:
        """What every text has gone through."""
        return self._sources.guard

    @property
    def budget(self) -> ToolBudget:
        """The budget of the run."""
        return self._budget

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The calls of this run so far, repeated ones included, in order."""
        return tuple(self._calls)

    @property
    def seen_ids(self) -> frozenset[str]:
        """The ids of every record that an answer of this run has shown: what its statements may cite."""
        found = (call.answer for call in self._calls if call.answer.status is ToolStatus.FOUND)
        return frozenset(one for answer in found for one in answer.ids)

    def catalogue(self) -> tuple[ToolDescription, ...]:
        """Return every tool with its description and the JSON schema of its arguments."""
        return tuple(tool.described for tool in TOOLS.values())

    def call(self, name: str, /, **arguments: Any) -> ToolAnswer[Any]:
        """Return the one answer of a tool; whatever goes wrong is an answer that says so."""
        started_s = self._monotonic_s()
        if self._began_s is None:
            self._began_s = started_s
        answer = self._answered(name, arguments)
        seconds_s = max(self._monotonic_s() - started_s, 0.0)
        self._calls.append(ToolCall(name, arguments, answer, seconds_s))
        return answer

    def _answered(self, name: str, arguments: dict[str, Any]) -> ToolAnswer[Any]:
        tool = TOOLS.get(name)
        if tool is None:
            return self._failed(
                f"tool={name!r} is not known; {', '.join(TOOLS)} are allowed; call one of these"
            )
        try:
            asked = check(tool.arguments, name, arguments)
        except ArgumentError as error:
            return self._failed(str(error))
        key = (name, msgspec.json.encode(asked))
        if key in self._answers:
            return msgspec.structs.replace(self._answers[key], repeated=True)
        answer = self._spend() or self._in_time(tool, asked)
        self._answers[key] = answer
        return answer

    def _spend(self) -> ToolAnswer[Any] | None:
        """Count a call; return the answer to give instead where the run's budget is used up."""
        left_s = self._left_s()
        if self._spent >= self._budget.calls or left_s <= 0:
            return self._failed(
                f"this run has made {self._spent} of {self._budget.calls} calls and has {max(left_s, 0):.1f} "
                f"of {self._budget.run_s:g} s left; no more is allowed; conclude from what was found"
            )
        self._spent += 1
        return None

    def _left_s(self) -> float:
        began_s = self._began_s if self._began_s is not None else self._monotonic_s()
        return self._budget.run_s - (self._monotonic_s() - began_s)

    def _in_time(self, tool: Tool, asked: Arguments) -> ToolAnswer[Any]:
        """Return the tool's answer, or that it did not come in time; a late one is lost."""
        seconds_s = min(self._budget.call_s, self._left_s())
        answers: list[ToolAnswer[Any]] = []
        # A thread of its own, and a daemon: a database that never answers must hold up neither run nor exit.
        thread = threading.Thread(
            target=lambda: answers.append(self._run(tool, asked)), name=f"tool-{tool.name}", daemon=True
        )
        thread.start()
        thread.join(seconds_s)
        if answers:
            return answers[0]
        return self._failed(
            f"{tool.name} gave no answer in {seconds_s:.3g} s; ask about fewer objects or less time, "
            "or see whether the store answers"
        )

    def _run(self, tool: Tool, asked: Arguments) -> ToolAnswer[Any]:
        """Return the answer; the one place where a tool's failure of whatever kind becomes an answer."""
        try:
            if tool.proposes is not None:
                return tool.proposes(self._sources, asked)
            token = getattr(asked, "page", "")
            first = msgspec.structs.replace(asked, page="") if token else asked
            question = question_id(tool.name, msgspec.json.encode(first))
            offset = read_token(token, question)
            if question not in self._findings:
                self._findings[question] = tool.finds(self._sources, first)
            return page_of(self._findings[question], offset, question, self._budget)
        except TelcollmError as error:
            return self._failed(str(error))
        except Exception as error:
            return self._failed(f"{tool.name} broke off: {type(error).__name__}: {error}; go on without it")

    def _failed(self, why: str) -> ToolAnswer[Any]:
        return ToolAnswer(ToolStatus.FAILED, why=self._sources.text(why, 1_000))

    def alarms(
        self, objects: Sequence[str], since: datetime, until: datetime, page: str = "", *, hops: int = 0
    ) -> ToolAnswer[Found[AlarmFact]]:
        """Return alarms raised on objects, or within `hops` links of them, in [since, until)."""
        return self.call("alarms", objects=objects, since=since, until=until, page=page, hops=hops)

    def kpi_history(
        self, object: str, kpi: str, since: datetime, until: datetime, page: str = ""
    ) -> ToolAnswer[KpiHistory]:
        """Return one KPI's samples in [since, until) beside its own normal."""
        return self.call("kpi_history", object=object, kpi=kpi, since=since, until=until, page=page)

    def kpi_deviations(
        self, objects: Sequence[str], since: datetime, until: datetime, page: str = ""
    ) -> ToolAnswer[Found[KpiSummary]]:
        """Return every KPI of the objects in [since, until), the most unusual first."""
        return self.call("kpi_deviations", objects=objects, since=since, until=until, page=page)

    def log_templates(
        self, objects: Sequence[str], since: datetime, until: datetime, page: str = ""
    ) -> ToolAnswer[Found[LogTemplate]]:
        """Return the shapes of the log lines in [since, until), new ones first."""
        return self.call("log_templates", objects=objects, since=since, until=until, page=page)

    def path(self, a: str, b: str, at: datetime) -> ToolAnswer[Found[PathStep]]:
        """Return a shortest path between two objects at an instant, checked link by link."""
        return self.call("path", a=a, b=b, at=at)

    def neighbours(
        self, object: str, at: datetime, hops: int = 1, page: str = ""
    ) -> ToolAnswer[Found[Neighbour]]:
        """Return what is within `hops` links of an object at an instant, the nearest first."""
        return self.call("neighbours", object=object, at=at, hops=hops, page=page)

    def changes(
        self, objects: Sequence[str], since: datetime, until: datetime, page: str = "", *, hops: int = 0
    ) -> ToolAnswer[Found[ChangeFact]]:
        """Return planned work and tickets of type change on or near objects in [since, until)."""
        return self.call("changes", objects=objects, since=since, until=until, page=page, hops=hops)

    def incidents(
        self,
        objects: Sequence[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        statuses: Sequence[str] = (),
        page: str = "",
    ) -> ToolAnswer[Found[IncidentFact]]:
        """Return incidents, the latest first."""
        return self.call("incidents", objects=objects, since=since, until=until, statuses=statuses, page=page)

    def diagnosis(self, incident_id: str, page: str = "") -> ToolAnswer[DiagnosisFact]:
        """Return an incident with its latest diagnosis and its alarms."""
        return self.call("diagnosis", incident_id=incident_id, page=page)

    def similar_incidents(self, incident_id: str, page: str = "") -> ToolAnswer[Found[SimilarIncident]]:
        """Return past incidents like one, the likest first, and what solved them."""
        return self.call("similar_incidents", incident_id=incident_id, page=page)

    def open_tickets(self, objects: Sequence[str], page: str = "") -> ToolAnswer[Found[TicketFact]]:
        """Return the open tickets that are about objects, the newest first."""
        return self.call("open_tickets", objects=objects, page=page)

    def customers(self, objects: Sequence[str], page: str = "") -> ToolAnswer[Found[ServiceFact]]:
        """Return services that need the objects, and their customers."""
        return self.call("customers", objects=objects, page=page)

    def causes(self, problems: Sequence[str], page: str = "") -> ToolAnswer[Found[CauseFact]]:
        """Return what the cause graph knows to bring problems about, and what they bring about."""
        return self.call("causes", problems=problems, page=page)

    def knowledge(self, question: str, page: str = "") -> ToolAnswer[Found[Passage]]:
        """Return the passages of the knowledge base that answer a question."""
        return self.call("knowledge", question=question, page=page)

    def restart_cell(self, target: str, reason: str) -> ToolAnswer[Proposal]:
        """Return a proposal to restart a cell; nothing is done."""
        return self.call("restart_cell", target=target, reason=reason)

    def roll_back_change(self, target: str, reason: str) -> ToolAnswer[Proposal]:
        """Return a proposal to take a change back; nothing is done."""
        return self.call("roll_back_change", target=target, reason=reason)

    def dispatch_technician(self, target: str, reason: str) -> ToolAnswer[Proposal]:
        """Return a proposal to send someone to an element; nothing is done."""
        return self.call("dispatch_technician", target=target, reason=reason)

    def send_reply(self, target: str, reason: str, text: str) -> ToolAnswer[Proposal]:
        """Return a proposal to send a text into a conversation; nothing is sent."""
        return self.call("send_reply", target=target, reason=reason, text=text)
