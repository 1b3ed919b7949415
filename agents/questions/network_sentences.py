"""What is said of alarms, KPIs, logs, changes and services, each sentence with its records.

Does not know which of them a question needs, nor incidents.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from agents.questions.calendar import Span
from agents.questions.telling import Telling
from agents.tools.found import AlarmFact, ChangeFact, Found, KpiSummary, LogTemplate, ServiceFact

LONGEST_KPI: Final = timedelta(days=7)
_WORK_BEFORE: Final = timedelta(hours=6)
_SHOWN: Final = 3
_TEMPLATE_CHARACTERS: Final = 120


def tell_alarms(
    telling: Telling, objects: Sequence[str], span: Span, *, hops: int = 0, active_only: bool = False
) -> list[AlarmFact]:
    """Tell how many alarms came, which, and what is still active; return those shown."""
    found: Found[AlarmFact] | None = telling.found(
        answer := telling.tools.call("alarms", objects=objects, since=span.since, until=span.until, hops=hops)
    )
    if found is None:
        return []
    items = [item for item in found.items if not hops or item.managed_object not in objects]
    active = [item for item in items if item.cleared_time is None]
    if not items or (active_only and not active):
        return []
    exact = not hops and not active_only
    phrases = telling.phrases
    problems = found.counts.get("problem", {}) if exact else _problems(items)
    telling.say(
        "alarms near" if hops else "alarms",
        [item.alarm_id for item in items],
        objects=phrases.named(objects),
        count=answer.total if exact else len(items),
        since=telling.when(span.since),
        until=telling.when(span.until),
        problems=phrases.counted(problems),
    )
    if not hops:
        first = items[0]
        telling.say(
            "first alarm",
            [first.alarm_id],
            problem=first.problem,
            object=first.managed_object,
            time=telling.when(first.raised_time),
            severity=phrases.word(first.severity),
        )
    if active:
        telling.say(
            "alarms active",
            [item.alarm_id for item in active],
            count=len(active),
            problems=phrases.counted(_problems(active)),
        )
    return items


def tell_active(telling: Telling, objects: Sequence[str], span: Span) -> list[AlarmFact]:
    """Tell that the objects are not healthy where alarms are active; return these."""
    found: Found[AlarmFact] | None = telling.found(
        telling.tools.call("alarms", objects=objects, since=span.since, until=span.until)
    )
    active = [item for item in found.items if item.cleared_time is None] if found else []
    if active:
        telling.say(
            "healthy not",
            [item.alarm_id for item in active],
            objects=telling.phrases.named(objects),
            count=len(active),
            problems=telling.phrases.counted(_problems(active)),
        )
    return active


def tell_kpis(telling: Telling, objects: Sequence[str], span: Span, *, usual: bool = False) -> bool:
    """Tell which KPIs left what is normal for them, or with `usual` that none did; return whether any did."""
    since = max(span.since, span.until - LONGEST_KPI)
    found: Found[KpiSummary] | None = telling.found(
        telling.tools.call("kpi_deviations", objects=objects[:20], since=since, until=span.until)
    )
    if found is None:
        return False
    phrases = telling.phrases
    departing = [item for item in found.items if item.departs]
    for item in departing[:_SHOWN]:
        slots = {
            "kpi": item.kpi,
            "object": item.managed_object,
            "value": item.median if item.worst_value is None else item.worst_value,
            "time": telling.when(item.worst_time),
        }
        if item.normal is None:
            telling.say("kpi bare", item.evidence, **slots)
        else:
            telling.say("kpi", item.evidence, normal=item.normal, basis=phrases.word(item.basis), **slots)
    same = [item for item in found.items if not item.departs and item.basis != "too little history"]
    if usual and not departing and same:
        telling.say(
            "kpi usual",
            [item.evidence[0] for item in same if item.evidence],
            count=len(same),
            objects=phrases.named(objects),
            kpis=phrases.named([item.kpi for item in same]),
        )
    return bool(departing)


def tell_logs(telling: Telling, objects: Sequence[str], span: Span) -> None:
    """Tell which shapes of log lines are new in the span."""
    since = max(span.since, span.until - LONGEST_KPI)
    found: Found[LogTemplate] | None = telling.found(
        telling.tools.call("log_templates", objects=objects[:20], since=since, until=span.until)
    )
    for item in [one for one in found.items if one.before == 0][:_SHOWN] if found else []:
        telling.say(
            "log new",
            item.examples,
            objects=telling.phrases.named(item.objects or objects),
            count=item.lines,
            template=item.template[:_TEMPLATE_CHARACTERS],
            time=telling.when(item.first_time),
        )


def tell_changes(telling: Telling, objects: Sequence[str], span: Span, *, before: bool = True) -> bool:
    """Tell of work and change tickets on the objects or next to them; return whether there were any."""
    since = span.since - _WORK_BEFORE if before else span.since
    found: Found[ChangeFact] | None = telling.found(
        telling.tools.call("changes", objects=objects[:20], since=since, until=span.until, hops=1)
    )
    for item in found.items[: 2 * _SHOWN] if found else ():
        telling.say(
            "change work" if item.kind == "planned work" else "change ticket",
            [item.change_id],
            change=item.change_id,
            objects=telling.phrases.named(item.objects),
            since=telling.when(item.start_time),
            until=telling.when(item.end_time),
            status=telling.phrases.word(item.status),
            text=item.description or telling.phrases.say("no text"),
        )
    return bool(found and found.items)


def tell_affected(telling: Telling, objects: Sequence[str]) -> bool:
    """Tell which services need the objects and how many customers have them, never who they are."""
    found: Found[ServiceFact] | None = telling.found(
        answer := telling.tools.call("customers", objects=objects[:50])
    )
    if not found or not found.items:
        return False
    services = list(dict.fromkeys(item.service_id for item in found.items))
    telling.say(
        "affected",
        services,
        count=max(answer.total, len(services)),
        objects=telling.phrases.named(objects),
        services=telling.phrases.named(services, 8),
    )
    customers = {item.service_id: item.customers_in_all for item in found.items}
    if sum(customers.values()):
        telling.say(
            "affected customers",
            [name for name, count in customers.items() if count],
            count=sum(customers.values()),
        )
    return True


def _problems(items: Sequence[AlarmFact]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for item in items:
        counts[item.problem] = counts.get(item.problem, 0) + 1
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))


def day_before(now: datetime) -> Span:
    """Return the last 24 hours: what a question without a time is about."""
    return Span(now - timedelta(days=1), now)
