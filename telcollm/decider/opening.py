"""From a name to a decider at work: found on the shelf, its base model opened, its parts loaded.

Does not know what is decided, or by whom the decisions are used.
"""

from __future__ import annotations

from collections.abc import Callable

from telcollm.decider.decider import Decider, open_decider
from telcollm.decider.shelf import Shelved, find
from telcollm.decider.spec import DeciderSpec, read_spec
from telcollm.guard import Guard, load_key
from telcollm.model.port import LanguageModel
from telcollm.settings import Settings

BaseOpener = Callable[[DeciderSpec], LanguageModel | None]
"""Opens the model that a decider's adapter goes into; asked only for deciders that have one."""


def open_named(
    wanted: str,
    settings: Settings,
    *,
    unpromoted: bool = False,
    guard: Guard | None = None,
    open_base: BaseOpener | None = None,
) -> tuple[Shelved, Decider]:
    """Return where the decider was found and the decider itself.

    `wanted` is what `shelf.find` takes. Without `open_base` the decider's own base is opened in this process,
    on the settings' device and in their precision.

    Raises:
        DeciderError: there is no such decider, or it cannot be opened.
        TelcollmError: its base has not been pulled; names the command that does.
        TransientError: the tracking server does not answer.
    """
    shelved = find(wanted, settings, unpromoted=unpromoted)
    spec = read_spec(shelved.folder)
    opener = open_base or (lambda needing: _own_base(needing, settings))
    model = opener(spec) if spec.adapter else None
    guard = guard or Guard(load_key(settings.home), remember=False)
    return shelved, open_decider(shelved.folder, model, guard=guard)


def _own_base(spec: DeciderSpec, settings: Settings) -> LanguageModel | None:
    from telcollm.model import open_model

    # An adapter fits its own base alone, whatever model answers other questions.
    return open_model(
        spec.base, device=settings.model.device, dtype=settings.model.dtype, overlong="cut_middle"
    )
