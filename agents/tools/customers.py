"""The tool over services and customers: who has what needs an element. Does not tell names, only ids."""

from __future__ import annotations

from agents.tools.arguments import OverObjects
from agents.tools.dependence import goes_down_with
from agents.tools.found import Found, ServiceFact
from agents.tools.network import known
from agents.tools.sources import Finding, Sources, counted, milliseconds, named

_MOST_NAMED = 10


def find_customers(sources: Sources, asked: OverObjects) -> Finding:
    """Return the services that need the objects now, those that ride on them first, with their customers."""
    network, at_ms = sources.network, milliseconds(sources.now)
    searched = (
        f"services that need {named(asked.objects)} as of {sources.now.isoformat()}, and their customers"
    )
    unknown = [name for name in asked.objects if not known(network, name)]
    if unknown:
        searched += f"; the topology does not know {', '.join(unknown[:5])}"
    facts: dict[str, ServiceFact] = {}
    for name in asked.objects:
        for reach in goes_down_with(network, name, at_ms):
            for service_id in network.services(reach.element_id):
                fact = ServiceFact(service_id, reach.element_id, reach.how, reach.path)
                if service_id not in facts or len(reach.path) < len(facts[service_id].path):
                    facts[service_id] = fact
    found = sorted(facts.values(), key=lambda fact: (len(fact.path), fact.service_id))
    complete = len(found) <= sources.rows
    if not complete:
        found = found[: sources.rows]
        searched += f"; the {sources.rows} nearest services were read"
    customers = sources.stores.care.customers_on(sources.scope, [fact.service_id for fact in found])
    having: dict[str, list[str]] = {}
    for customer in customers:
        for service_id in set(customer.service_ids):
            # An operator may use a phone number for an id: it is told as the guard tells it.
            having.setdefault(service_id, []).append(sources.guard.hide(customer.customer_id))
    items = tuple(
        ServiceFact(
            fact.service_id,
            fact.element_id,
            fact.how,
            fact.path,
            tuple(having.get(fact.service_id, ())[:_MOST_NAMED]),
            len(having.get(fact.service_id, ())),
        )
        for fact in found
    )
    counts = {
        "how": counted([item.how for item in items]),
        "element": counted([item.element_id for item in items]),
        "in all": {"services": len(items), "customers": len(customers)},
    }
    return Finding(Found(items, counts), searched, complete)
