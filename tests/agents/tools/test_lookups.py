"""Laws of the tools over the cause graph and the knowledge base."""

from __future__ import annotations

from pathlib import Path

from agents.tools import ToolStatus
from telcollm.graph import CauseEdge, LearnedFrom, cause_graph
from telcollm.knowledge.library import Library
from telcollm.ports import Scope
from telcollm.store.opening import Stores
from tests.agents.tools.conftest import MakeToolbox

GRAPH = cause_graph(
    ["IDLE"],
    [
        CauseEdge("POWER", "LINK", 0.9, 4.0),
        CauseEdge("LINK", "CELL", 0.5, 9.0, "expert"),
        CauseEdge("A", "B", 0.7),
    ],
    method="expert",
    learned_from=LearnedFrom("none"),
)


def test_causes_and_effects_of_problems_come_heaviest_first(toolbox: MakeToolbox) -> None:
    answer = toolbox(graph=GRAPH).causes(["LINK"])
    assert answer.status is ToolStatus.FOUND and answer.value is not None
    told = [
        (item.cause, item.effect, item.weight, item.lag_s, item.provenance) for item in answer.value.items
    ]
    assert told == [("POWER", "LINK", 0.9, 4.0, "learned"), ("LINK", "CELL", 0.5, 9.0, "expert")]
    assert len(set(answer.ids)) == 2
    assert toolbox(graph=GRAPH).causes(["LINK"]).ids == answer.ids


def test_a_problem_without_edges_or_unknown_is_not_found_and_the_unknown_named(toolbox: MakeToolbox) -> None:
    tools = toolbox(graph=GRAPH)
    assert tools.causes(["IDLE"]).status is ToolStatus.NOTHING_FOUND
    unknown = tools.causes(["NEVER_SEEN"])
    assert unknown.status is ToolStatus.NOTHING_FOUND
    assert unknown.searched.endswith("it does not know 1 of them (NEVER_SEEN)")


def test_without_a_graph_or_a_library_the_answer_names_the_command_that_makes_one(
    toolbox: MakeToolbox,
) -> None:
    tools = toolbox()
    assert tools.causes(["LINK"]).status is ToolStatus.FAILED
    assert tools.causes(["POWER"]).why.endswith("run telcollm graph learn")
    answer = tools.knowledge("how to restart a cell?")
    assert answer.status is ToolStatus.FAILED and "telcollm knowledge add" in answer.why


def test_passages_are_found_with_citation_and_only_those_the_roles_may_read(
    stores: Stores, toolbox: MakeToolbox, tmp_path: Path
) -> None:
    library = Library(stores.documents, None)
    open_one, secret = tmp_path / "restart.md", tmp_path / "secret.md"
    open_one.write_text(
        "# Restart\n\nRestart the cell with care; ask +49 170 1234567 first.", encoding="utf-8"
    )
    secret.write_text("# Codes\n\nThe restart code of a cell is secret.", encoding="utf-8")
    library.add(open_one, tenant="acme")
    library.add(secret, tenant="acme", roles=["administrator"])
    tools = toolbox(library=library)
    answer = tools.knowledge("restart the cell")
    assert answer.status is ToolStatus.FOUND and answer.value is not None
    [passage] = answer.value.items
    assert passage.text.startswith("Restart the cell with care; ask <MSISDN:")
    assert passage.citation.startswith("Restart") and answer.ids == (passage.chunk_id, passage.document_id)
    both = toolbox(library=library, roles=("administrator",)).knowledge("restart the cell")
    assert both.total == 2
    elsewhere = toolbox(library=library, scope=Scope(tenants=("bell",))).knowledge("restart the cell")
    assert elsewhere.status is ToolStatus.NOTHING_FOUND
    assert elsewhere.searched == "the knowledge base for 'restart the cell'"
