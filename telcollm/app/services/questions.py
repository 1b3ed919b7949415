"""Questions in words, answered from the caller's own records and documents only, with citations.

Does not know how an answer is found (`agents.ask`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from telcollm.access import Action, Caller, require
from telcollm.app.services.incidents import filled
from telcollm.app.services.speaking import spoken
from telcollm.app.workplace import Workplace

if TYPE_CHECKING:
    from agents.ask import Answer

MOST_TEXT: Final = 2_000


def ask(workplace: Workplace, caller: Caller, question: str, *, language: str | None = None) -> Answer:
    """Return the answer: sentences with the ids of what they rest on, or why it was declined.

    Raises:
        AccessDenied: the caller may not ask.
        TelcollmError: the question is empty or too long.
    """
    require(caller, Action.QUESTION_ASK)
    text = filled("question", question, MOST_TEXT)
    workplace.audit(caller, "question asked", "question", detail=workplace.guard.hide(text)[:200])
    from telcollm.app.questions import answer_question

    return spoken(
        workplace,
        lambda model: answer_question(
            workplace,
            text,
            scope=caller.scope,
            roles=[role.value for role in sorted(caller.roles)],
            model=model,
            language=language,
        ),
    )
