"""No text from outside reaches a place that would read it as HTML or Markdown."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.plain import MOST, coded, line, plain

ROOT = Path(__file__).parents[2] / "dashboards"

AS_IT_IS = {"text", "code"}
READS_MARKDOWN = {
    "badge", "button", "caption", "chat_input", "checkbox", "download_button", "error", "expander",
    "file_uploader", "form_submit_button", "info", "link_button", "markdown", "metric", "multiselect",
    "popover", "segmented_control", "selectbox", "spinner", "status", "subheader", "success", "text_area",
    "text_input", "title", "toggle", "warning",
}  # fmt: skip
SHOWS_NO_TEXT = {
    "altair_chart", "chat_message", "columns", "container", "context", "dataframe", "fragment", "form",
    "login", "logout", "navigation", "Page", "page_link", "pagination", "query_params", "rerun", "secrets",
    "session_state", "set_page_config", "sidebar", "switch_page", "user", "App", "html",
}  # fmt: skip
SAFE = {
    "AS_IT_IS": {
        "plain",
        "line",
        "tell",
        "word",
        "clock",
        "age",
        "number",
        "percent",
        "severity_name",
        "retold",
    },
    "READS_MARKDOWN": {"say", "coded", "coloured", "word", "percent", "number", "age", "clock"},
}  # fmt: skip


def modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def streamlit_calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """Calls of `st.NAME` and of NAME on anything that such a call gave."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in AS_IT_IS | READS_MARKDOWN:
                yield node, node.func.attr
            elif isinstance(node.func.value, ast.Name) and node.func.value.id == "st":
                yield node, node.func.attr


def is_safe(node: ast.expr, allowed: set[str]) -> bool:
    if isinstance(node, ast.Constant):
        return node.value in ("", None)
    if isinstance(node, ast.IfExp):
        return is_safe(node.body, allowed) and is_safe(node.orelse, allowed)
    if isinstance(node, ast.BoolOp):
        return all(is_safe(one, allowed) for one in node.values)
    if isinstance(node, ast.Call):
        function = node.func
        name = function.id if isinstance(function, ast.Name) else ""
        if isinstance(function, ast.Attribute) and function.attr == "join":
            return all(
                is_safe(one.elt if isinstance(one, ast.GeneratorExp) else one, allowed) for one in node.args
            )
        # The colour is the style's, the text in it must be safe itself.
        return name in allowed and (name != "coloured" or is_safe(node.args[1], allowed))
    if isinstance(node, ast.Tuple):
        return all(is_safe(one, allowed) for one in node.elts)
    return False


def faults(source: str) -> list[int]:
    tree = ast.parse(source)
    found = []
    passed = {
        argument.arg
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == "link"
        for argument in node.args.args
    }
    for call, name in streamlit_calls(tree):
        if name not in AS_IT_IS | READS_MARKDOWN | SHOWS_NO_TEXT:
            found.append(call.lineno)
        allowed = SAFE["AS_IT_IS"] if name in AS_IT_IS else SAFE["READS_MARKDOWN"]
        shown = [*call.args[:2]] if name == "metric" else [*call.args[:1]]
        shown += [word.value for word in call.keywords if word.arg in ("label", "help", "body", "alt")]
        if name in AS_IT_IS | READS_MARKDOWN or name == "page_link":
            shown = shown[1:] if name == "page_link" else shown
            for one in shown:
                # What `link` is given was made safe by whoever calls it, which is checked there.
                if isinstance(one, ast.Name) and one.id in passed and one.id == "label":
                    continue
                if not is_safe(one, allowed):
                    found.append(call.lineno)
        if any(word.arg in ("unsafe_allow_html",) for word in call.keywords):
            found.append(call.lineno)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "link":
            if not is_safe(node.args[1], SAFE["READS_MARKDOWN"]):
                found.append(node.lineno)
    return sorted(set(found))


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.stem)
def test_every_text_goes_through_the_function_that_makes_it_harmless(path: Path) -> None:
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "st.text(alarm.problem)",
        "st.markdown(alarm.problem)",
        "st.markdown(plain(alarm.problem))",
        "st.markdown(f'**{alarm.problem}**')",
        "st.button(alarm.problem)",
        "column.caption(alarm.problem)",
        "st.metric(say('x'), alarm.problem)",
        "st.selectbox(say('x'), names, help=alarm.problem)",
        "st.write(alarm.problem)",
        "st.json(alarm)",
        "st.table(frame)",
        "st.text('English left in the code')",
        "link('incident', alarm.problem)",
        "st.text(say('x') if a else alarm.problem)",
        "st.text('\\n'.join((tell('x'), alarm.problem)))",
        "st.markdown(coloured('red', alarm.problem))",
    ],
)
def test_a_call_that_bypasses_it_is_found(source: str) -> None:
    assert faults(source)


@pytest.mark.parametrize(
    "source",
    [
        "st.text(plain(alarm.problem))",
        "st.markdown(coded(x))",
        "st.text(plain(x) or tell('y'))",
        "st.text('\\n'.join((tell('x'), plain(alarm.problem))))",
        "st.markdown(coloured('red', word('severity', value)))",
        "st.text('')",
    ],
)
def test_a_call_that_goes_through_it_is_no_fault(source: str) -> None:
    assert not faults(source)


def test_html_is_given_only_for_the_style_and_for_the_cookie() -> None:
    found = {
        (path.stem, ast.unparse(call))
        for path in modules()
        for call, name in streamlit_calls(ast.parse(path.read_text(encoding="utf-8")))
        if name == "html"
    }
    assert found == {
        ("console", "st.html(_STYLE)"),
        ("login", "st.html(_FETCH.format(ticket=ticket), unsafe_allow_javascript=True)"),
    }


@given(st.text())
def test_nothing_in_a_text_can_end_the_span_of_code_that_it_is_shown_in(text: str) -> None:
    shown = coded(text)
    fence = shown[: len(shown) - len(shown.lstrip("`"))]
    inside = shown[len(fence) : -len(fence)]
    assert shown.endswith(fence)
    assert fence not in inside
    assert "\n" not in shown


@given(st.text())
def test_what_is_shown_has_no_control_character_and_no_mark_that_turns_it_round(text: str) -> None:
    assert not set(plain(text)) & {"\u202e", "\u200b", "\x1b", "\x00", "\r", "\u2066"}
    assert len(plain(text)) <= MOST
    assert len(line(text).splitlines()) <= 1
