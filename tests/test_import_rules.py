"""Laws that the source itself must keep: who may import whom, how long a module is, what it may not hold."""

from __future__ import annotations

import ast
import doctest
import functools
import importlib
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("telcollm", "streams", "finetune", "agents", "dashboards")
APP = "telcollm.app"
MOST_LINES = 400
HEAVY = ("torch", "transformers", "mlflow", "kafka", "pandas", "scipy", "sklearn", "networkx")
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base"}


def modules() -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(nodes: Iterator[ast.AST], package: str) -> set[str]:
    """The dotted names that import statements ask for, relative ones resolved."""
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                origin = ".".join([*parents, origin] if origin else parents)
            names.add(origin)
            names.update(f"{origin}.{alias.name}" for alias in node.names)
    return names


def at_import(tree: ast.Module) -> Iterator[ast.AST]:
    """The nodes that run when the module is imported: no function bodies, no type checking."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            waiting.extend(node.orelse)
            continue
        waiting.extend(ast.iter_child_nodes(node))


def package_of(path: Path) -> str:
    name = name_of(path)
    return name if path.name == "__init__.py" else name.rpartition(".")[0]


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def breaches(module: str, names: set[str]) -> list[str]:
    """The imports that the rule forbids to a module."""
    if within(module, APP) or within(module, "dashboards"):
        allowed = {"telcollm"} if within(module, "dashboards") else set(FOLDERS) - {"dashboards"}
        return sorted(
            name
            for name in names
            if name.partition(".")[0] in FOLDERS
            and name.partition(".")[0] not in allowed | {module.partition(".")[0]}
        )
    own = module.partition(".")[0]
    return sorted(
        name
        for name in names
        if (name.partition(".")[0] in FOLDERS and name.partition(".")[0] not in {"telcollm", own})
        or within(name, APP)
    )


def test_no_folder_imports_what_its_rule_forbids() -> None:
    found = {
        name_of(path): wrong
        for path in modules()
        if (wrong := breaches(name_of(path), imported(ast.walk(tree_of(path)), package_of(path))))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("module", "statement"),
    [
        ("telcollm.store.engine", "from streams.cut import Cut"),
        ("telcollm.store.engine", "import agents"),
        ("telcollm.store.engine", "from telcollm import app"),
        ("streams.edge", "from telcollm.app.runtime import run_worker"),
        ("streams.edge", "def f():\n    import agents.tools"),
        ("agents.tools", "from finetune import data"),
        ("finetune", "import dashboards"),
        ("dashboards.page", "from streams.worker import Status"),
        ("telcollm.model.port", "from ..app import runtime"),
    ],
)
def test_a_breach_of_the_import_rule_is_found(module: str, statement: str) -> None:
    names = imported(ast.walk(ast.parse(statement)), module.rpartition(".")[0])
    assert breaches(module, names)


@pytest.mark.parametrize(
    ("module", "statement"),
    [
        ("telcollm.app.runtime", "from streams.worker import Worker"),
        ("dashboards.page", "from telcollm.app import incident_view"),
        ("streams.edge", "from streams.cut import Cut\nfrom telcollm.ports import Store"),
    ],
)
def test_what_the_import_rule_allows_is_no_breach(module: str, statement: str) -> None:
    names = imported(ast.walk(ast.parse(statement)), module.rpartition(".")[0])
    assert not breaches(module, names)


def asked_for(tree: ast.Module, package: str, known: set[str]) -> set[str]:
    """The known modules that are imported anywhere, a package only where more than its modules is asked for.

    Imports for types and in functions count: those are for what loads slowly, not for what would go round.
    """
    found: set[str] = set()
    for node in ast.walk(tree):
        names = imported(iter([node]), package)
        if isinstance(node, ast.ImportFrom) and names <= known:
            names.remove(min(names, key=len))
        found |= names & known
    return found


def circle_of(imports: Mapping[str, set[str]]) -> list[str]:
    """A circle of modules, the first again at its end; none where each can stand after what it imports."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_each_other_in_a_circle() -> None:
    paths = [*modules(), *(ROOT / "benchmarks").rglob("*.py")]
    known = {name_of(path) for path in paths}
    imports = {name_of(path): asked_for(tree_of(path), package_of(path), known) for path in paths}
    assert circle_of(imports) == []


@pytest.mark.parametrize(
    "back",
    [
        "from streams.cut import Cut",
        "from streams import cut",
        "from . import cut",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from streams.cut import Cut",
        "def f():\n    import streams.cut",
    ],
)
def test_a_circle_is_found_however_it_is_closed(back: str) -> None:
    sources = {
        "streams.cut": "import streams.edge",
        "streams.edge": "import streams.life",
        "streams.life": back,
    }
    imports = {
        name: asked_for(ast.parse(source), "streams", set(sources)) for name, source in sources.items()
    }
    assert set(circle_of(imports)) == set(sources)
    imports["streams.life"] = set()
    assert circle_of(imports) == []


def test_the_command_line_imports_heavy_libraries_and_other_folders_only_when_they_are_needed() -> None:
    heavy = (*HEAVY, "streams", "agents", "finetune", "dashboards")
    found = {
        name_of(path): names
        for path in modules()
        if within(name_of(path), f"{APP}.cli")
        and (
            names := {
                name
                for name in imported(at_import(tree_of(path)), package_of(path))
                if name.partition(".")[0] in heavy
            }
        )
    }
    assert found == {}


def test_help_is_shown_without_loading_a_heavy_library() -> None:
    script = (
        "import sys\n"
        "sys.argv = ['telcollm', '--help']\n"
        "from telcollm.app.cli import main\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        f"    print('LOADED', [name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=240, check=True
    )
    assert "Alarms in through Kafka" in done.stdout
    assert "LOADED []" in done.stdout


def test_a_module_has_fewer_than_four_hundred_lines() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {name: count for name, count in lengths.items() if count >= MOST_LINES} == {}


def test_a_module_is_named_for_what_it_holds() -> None:
    assert [name_of(path) for path in modules() if BANNED_NAMES & set(name_of(path).split("."))] == []


def test_input_is_never_checked_by_an_assert_statement() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in modules()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Assert)
    ]
    assert found == []


def test_no_handler_catches_everything_without_a_name() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in modules()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]
    assert found == []


def test_every_module_says_what_it_is() -> None:
    assert [name_of(path) for path in modules() if not ast.get_docstring(tree_of(path))] == []


def with_examples() -> list[str]:
    return [name_of(path) for path in modules() if ">>> " in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", with_examples())
def test_the_examples_of_a_module_are_right(name: str) -> None:
    with warnings.catch_warnings():
        # What a heavy library warns of when it is imported is its own business.
        warnings.simplefilter("ignore")
        module = importlib.import_module(name)
    result = doctest.testmod(module)
    assert result.attempted > 0 and result.failed == 0
