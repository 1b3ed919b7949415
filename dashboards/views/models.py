"""Models: champion and challengers, what was measured of each, the gate's verdict, and the stop switch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import streamlit as st

from dashboards.charts.metrics import calibration, over_time
from dashboards.frame import Place, done, empty, guarded, heading, here
from dashboards.plain import Figure, coded, line, plain
from dashboards.reader import clock, number, percent, say, tell, word
from dashboards.sentences import retold
from telcollm.access import Action, allows
from telcollm.app.services import accounts, models
from telcollm.app.services.models import Condition, ModelLine, ModelVersion, Promotion
from telcollm.errors import TelcollmError

FIGURES: Final = ("accuracy", "macro_f1", "top3", "ece")
CHANGES: Final = ("identifiers", "vendors", "lines", "choices")
"""The changes of a test that have a word; others bear the names that tables were given."""

_VERDICT: Final = "verdict"


def show() -> None:
    """Show the page."""
    place = here()
    heading("models.title")
    with guarded(place):
        _switch(place)
        with st.spinner(say("models.loading")):
            found = models.list_models(place.desk, place.caller)
        if not found:
            empty("models.none", "models.none means")
            return
        names = [one.name for one in found]
        chosen = st.selectbox(
            say("models.which"), names, key="model", bind="query-params", format_func=line, width=360
        )
        for one in found:
            if one.name == chosen:
                _line(place, one)


def _switch(place: Place) -> None:
    state = accounts.switch_state(place.desk, place.caller)
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="switch"):
        if state.stopped:
            st.badge(say("models.stopped"), color="red", icon=":material/front_hand:")
        else:
            st.badge(say("models.speak"), color="green", icon=":material/check_circle:")
        if state.changed_time is not None:
            st.text(tell("models.changed", who=state.changed_by, when=clock(state.changed_time)))
        if not state.stopped and allows(place.caller, Action.MODEL_STOP):
            if st.button(say("models.stop"), icon=":material/front_hand:"):
                _do(place, "models.was stopped", lambda: accounts.stop_model(place.desk, place.caller))
        if state.stopped and allows(place.caller, Action.MODEL_START):
            if st.button(say("models.start"), type="primary"):
                _do(place, "models.was started", lambda: accounts.start_model(place.desk, place.caller))


def _line(place: Place, found: ModelLine) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(coded(found.name))
        st.badge(word("origin", found.origin), color="gray")
        for use in found.used_for:
            st.badge(word("use", use), color="green")
    if not found.versions:
        st.text(tell("models.shipped"))
        return
    for version in found.versions:
        _version(place, found, version)
    _promotion(place, found)
    st.markdown(say("models.over time"))
    words = {"version": word("column", "version"), "value": word("column", "value")}
    rows = [(one.version, one.created_time, one.metrics) for one in reversed(found.versions)]
    if len([metrics for _, _, metrics in rows if metrics]) > 1:
        chart = over_time(rows, FIGURES[:2], words=words, names={one: word("figure", one) for one in FIGURES})
        st.altair_chart(chart, width="stretch", alt=say("models.over time"))
    else:
        st.text(tell("models.nothing over time"))
    versions = [one.version for one in found.versions]
    chosen = st.selectbox(say("models.report of"), versions, key="version", format_func=line, width=200)
    _report(place, found.name, chosen or versions[0])


def _version(place: Place, found: ModelLine, version: ModelVersion) -> None:
    with st.container(border=True, key=f"version {version.version}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(say("models.version", version=version.version))
            if version.version == found.champion:
                st.badge(say("models.champion"), color="green", icon=":material/trophy:")
            elif version.version == found.challenger:
                st.badge(say("models.challenger"), color="blue")
            st.text(clock(version.created_time))
            for name in FIGURES:
                if name in version.metrics:
                    st.text(
                        tell(
                            "models.figure", name=word("figure", name), value=number(version.metrics[name], 3)
                        )
                    )
        if version.run_url:
            st.link_button(say("models.run"), version.run_url, icon=":material/open_in_new:")
        elif version.run_id:
            st.text(tell("models.run id", run=version.run_id))


def _promotion(place: Place, found: ModelLine) -> None:
    verdict: Promotion | None = st.session_state.get(_VERDICT)
    if verdict is not None and verdict.name == found.name:
        if verdict.failed:
            st.error(say("models.failed the gate", version=verdict.version), icon=":material/block:")
            for condition in verdict.failed:
                st.text(plain(condition_text(condition), 800))
        else:
            st.success(say("models.passed the gate", version=verdict.version), icon=":material/trophy:")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if allows(place.caller, Action.MODEL_PROMOTE) and found.challenger:
            if st.button(say("models.promote"), type="primary", icon=":material/trophy:"):
                with guarded(place), st.spinner(say("models.judging")):
                    st.session_state[_VERDICT] = models.promote(place.desk, place.caller, found.name)
                    st.rerun()
        if allows(place.caller, Action.MODEL_ROLL_BACK) and found.champion:
            with st.popover(say("models.roll back"), icon=":material/undo:"):
                st.text(tell("models.roll back means"))
                if st.button(say("models.roll back now"), type="primary"):
                    _do(
                        place,
                        "models.rolled back",
                        lambda: models.roll_back(place.desk, place.caller, found.name),
                    )


def condition_text(condition: Condition) -> str:
    """Return a condition that the gate did not find met, in the reader's language.

    What was found in the data or the files is told in words of its own, which may be English alone.
    """
    words: dict[str, object] = dict(condition.values)
    if rival := condition.values.get("rival"):
        version = condition.values.get("which", "").removeprefix("version ")
        words["rival"] = tell("gate.champion", version=version) if version else word("rival", rival)
    if metric := condition.values.get("metric"):
        words["metric"] = word("figure", metric)
    if (change := condition.values.get("change")) in CHANGES:
        words["change"] = word("change", str(change))
    if finding := condition.values.get("finding"):
        words["finding"] = Figure(retold(finding, 400))
    return tell(f"gate.{condition.code}", **words)


def _report(place: Place, name: str, version: str) -> None:
    try:
        figures = models.report(place.desk, place.caller, name, version)
    except TelcollmError as error:
        st.text(tell("models.no report"))
        st.text(plain(error))
        return
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(say("models.calibration"))
        words = {"confidence": word("column", "confidence"), "right": word("column", "right share")}
        bins = figures.get("reliability") or []
        if bins:
            st.altair_chart(calibration(bins, words=words), width="stretch", alt=say("models.calibration"))
        else:
            st.text(tell("models.no calibration"))
    with right:
        st.markdown(say("models.parts"))
        _parts(figures.get("parts") or {})
        st.markdown(say("models.cost"))
        _cost(figures.get("cost") or {})
        st.markdown(say("models.drift"))
        st.text(tell("models.no drift"))


def _parts(parts: Mapping[str, Any]) -> None:
    """Show accuracy and macro-F1 of the decider and of what it is held against."""
    for name, one in parts.items():
        st.text(
            tell(
                "models.part",
                name=line(name, 40),
                accuracy=percent(float(one.get("accuracy") or 0.0)),
                macro_f1=percent(float(one.get("macro_f1") or 0.0)),
            )
        )


def _cost(cost: Mapping[str, Any]) -> None:
    told = [(name, value) for name, value in cost.items() if isinstance(value, int | float)]
    if not told:
        st.text(tell("models.no cost"))
    for name, value in told[:8]:
        st.text(tell("models.figure", name=line(name, 60), value=number(float(value), 2)))


def _do(place: Place, note: str, action: Callable[[], object]) -> None:
    with guarded(place):
        action()
        done(note)
