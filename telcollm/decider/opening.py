"""From a name to a decider at work: found on the shelf, its base model opened, its parts loaded.

Does not know what is decided, or by whom the decisions are used.
"""

from __future__ import annotations

from telcollm.decider.decider import Decider, open_decider
from telcollm.decider.shelf import Shelved, find
from telcollm.decider.spec import read_spec
from telcollm.guard import Guard, load_key
from telcollm.settings import Settings


def open_named(
    wanted: str, settings: Settings, *, unpromoted: bool = False, guard: Guard | None = None
) -> tuple[Shelved, Decider]:
    """Return where the decider was found and the decider itself, with its base in this process.

    `wanted` is what `shelf.find` takes. The base is opened on the settings' device and in their precision.

    Raises:
        DeciderError: there is no such decider, or it cannot be opened.
        TelcollmError: its base has not been pulled; names the command that does.
        TransientError: the tracking server does not answer.
    """
    shelved = find(wanted, settings, unpromoted=unpromoted)
    spec = read_spec(shelved.folder)
    model = None
    if spec.adapter:
        from telcollm.model import open_model

        # An adapter fits its own base alone, whatever model answers other questions.
        model = open_model(
            spec.base, device=settings.model.device, dtype=settings.model.dtype, overlong="cut_middle"
        )
    guard = guard or Guard(load_key(settings.home), remember=False)
    return shelved, open_decider(shelved.folder, model, guard=guard)
