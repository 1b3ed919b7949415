"""The operator's routing policy: what a wrong route and a look cost, how tickets are linked, rules by words.

One YAML file, checked as it is read; without one, the built-in example. Does not decide.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import msgspec
import yaml

from telcollm.errors import SettingsError
from telcollm.records import TicketPriority

EXAMPLE: Final = Path(__file__).with_name("example.yaml")
_MOST_BYTES: Final = 1_000_000

_Hours = Annotated[float, msgspec.Meta(gt=0, le=24 * 365)]
_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Cost = Annotated[float, msgspec.Meta(gt=0)]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the policy; a field nobody knows is a typing error."""


class Costs(_Part, frozen=True):
    """What a wrong route costs and what a person's look costs, in one unit: minutes, money."""

    wrong: _Cost = 100.0
    look: _Cost = 2.0


class Linking(_Part, frozen=True):
    """When a ticket is linked instead of filed.

    `alike` is the least share of words that two texts have in common. Teams and types in `never_*` keep
    their tickets: a bill that is wrong during an outage is no child of the outage.
    """

    duplicate_hours: _Hours = 4.0
    alike: _Share = 0.5
    before_incident_minutes: Annotated[float, msgspec.Meta(ge=0)] = 15.0
    after_incident_minutes: Annotated[float, msgspec.Meta(ge=0)] = 120.0
    never_teams: tuple[str, ...] = ()
    never_types: tuple[str, ...] = ()


class TeamRule(_Part, frozen=True):
    """What tells of a team: words of the ticket, types of the objects it names; `names` are other names."""

    words: tuple[str, ...] = ()
    object_types: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


class RoutingPolicy(_Part, frozen=True):
    """Everything an operator says about routing; see the built-in example for each field's meaning.

    `automatic_from` overrules the threshold that the costs set. Words of priorities, severities and ticket
    types are looked for in the order given; the first with a word found wins.
    """

    costs: Costs = Costs()
    automatic_from: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    linking: Linking = Linking()
    teams: dict[str, TeamRule] = {}
    priorities: dict[TicketPriority, tuple[str, ...]] = {}
    severities: dict[str, tuple[str, ...]] = {}
    ticket_types: dict[str, tuple[str, ...]] = {}
    trouble: tuple[str, ...] = ()
    rules_confidence: _Share = 0.5

    @property
    def threshold(self) -> float:
        """The confidence from which on a route is automatic: there a wrong route costs less than a look.

        A route that is right with probability p costs (1 - p) * wrong if nobody looks, and look if somebody
        does. So p must reach 1 - look / wrong; where a look costs no less than a mistake, all are automatic.

        >>> round(RoutingPolicy(costs=Costs(wrong=50.0, look=1.0)).threshold, 3)
        0.98
        """
        if self.automatic_from is not None:
            return self.automatic_from
        return max(0.0, 1.0 - self.costs.look / self.costs.wrong)

    @property
    def team_names(self) -> tuple[str, ...]:
        """Labels and other names of the teams that the policy knows."""
        return tuple(dict.fromkeys(name for team, rule in self.teams.items() for name in (team, *rule.names)))


def load_policy(path: Path | None = None) -> RoutingPolicy:
    """Return the policy in the YAML file at `path`, the built-in example without one.

    Raises:
        SettingsError: the file cannot be read, is no YAML, or a field is not allowed; names it.
    """
    file = path or EXAMPLE
    try:
        data = file.read_bytes()
    except OSError as error:
        message = (
            f"routing policy {file} cannot be read ({error.strerror}); a YAML file is allowed; check the "
            "path, or leave it out for the built-in example"
        )
        raise SettingsError(message) from error
    if len(data) > _MOST_BYTES:
        message = (
            f"routing policy {file} has {len(data)} bytes; at most {_MOST_BYTES} are allowed; shorten it"
        )
        raise SettingsError(message)
    try:
        return msgspec.convert(yaml.safe_load(data) or {}, RoutingPolicy)
    except (yaml.YAMLError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        where = " ".join(str(error).split())
        message = (
            f"routing policy {file} is not as it should be ({where}); fields of the example {EXAMPLE} are "
            "allowed; mend it after that"
        )
        raise SettingsError(message) from error
