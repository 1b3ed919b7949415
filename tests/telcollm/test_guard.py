"""Laws of the guard: identities do not pass, relations do, and only its own tokens turn back."""

from __future__ import annotations

import multiprocessing
import os
import re
import stat
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcollm.errors import SettingsError
from telcollm.guard import Guard, load_key

KEY = b"0123456789abcdef"
TOKEN = re.compile(r"<(MSISDN|IMSI|IMEI|EMAIL|NAME):[0-9a-f]{10}>")


def kinds(text: str) -> list[str]:
    return TOKEN.findall(text)


def with_check_digit(fourteen: str) -> str:
    """A valid IMEI: the check digit of ISO/IEC 7812 at its end."""
    total = 0
    for place, digit in enumerate(reversed(fourteen)):
        value = int(digit) * (1 if place % 2 else 2)
        total += value - 9 if value > 9 else value
    return fourteen + str(-total % 10)


@pytest.mark.parametrize(
    ("text", "kind", "secret"),
    [
        ("call +49 170 1234567 back", "MSISDN", "1234567"),
        ("call 0049 170 1234567 back", "MSISDN", "1234567"),
        ("call +12025550143", "MSISDN", "2025550143"),
        ("msisdn=491701234567", "MSISDN", "491701234567"),
        ("caller: 491701234567.", "MSISDN", "491701234567"),
        ('{"msisdn":"491701234567"}', "MSISDN", "491701234567"),
        ("+86 138 0013 8000 投诉", "MSISDN", "8000"),
        ("IMSI: 262011234567890.", "IMSI", "262011234567890"),
        ("imsi 26201123456789", "IMSI", "26201123456789"),
        ("attach of 460001234567891 failed", "IMSI", "460001234567891"),
        ("device 490154203237518 lost", "IMEI", "490154203237518"),
        ("mail jo.doe+noc@example.co.uk now", "EMAIL", "jo.doe"),
        ("Acme Steel GmbH has no service", "NAME", "Acme Steel"),
    ],
)
def test_an_identifier_becomes_a_token_of_its_kind(text: str, kind: str, secret: str) -> None:
    hidden = Guard(KEY, names=["Acme Steel GmbH", "Acme"]).hide(text)
    assert kinds(hidden) == [kind]
    assert secret not in hidden


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T12:00:00Z cell-7 LINK_LOSS x12",
        "10.0.0.1 port 3/1/4 MAC 00:1b:44:11:3a:b7",
        "eNodeB 123456 sector 3, 1234567890123456789 octets",
        "rsrp -101.5 dBm at 3.141592653589793",
        "AcmeSteel and Acmeology",
    ],
)
def test_what_names_no_customer_passes_as_it_is(text: str) -> None:
    assert Guard(KEY, names=["Acme"]).hide(text) == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+49 170 1234567", "0049-170-1234567"),
        ("+491701234567", "msisdn 491701234567"),
        ("imsi 262011234567890", "262011234567890"),
        ("Jo.Doe@Example.org", "jo.doe@example.org"),
    ],
)
def test_one_identity_has_one_token_however_it_is_written(one: str, other: str) -> None:
    guard = Guard(KEY)
    tokens = [TOKEN.search(guard.hide(text)) for text in (one, other)]
    assert tokens[0] and tokens[1] and tokens[0][0] == tokens[1][0]


@given(
    st.lists(
        st.integers(10**11, 10**13 - 1).map(lambda number: f"+{number}"), min_size=1, max_size=6, unique=True
    )
)
def test_different_numbers_have_different_tokens_and_equal_ones_equal(numbers: list[str]) -> None:
    guard = Guard(KEY)
    tokens = [guard.hide(number) for number in numbers]
    assert len(set(tokens)) == len(numbers)
    assert [Guard(KEY).hide(number) for number in numbers] == tokens


@given(st.integers(10**13, 10**14 - 1).map(str))
def test_fifteen_digits_with_a_check_digit_are_an_imei_others_an_imsi(fourteen: str) -> None:
    guard = Guard(KEY)
    imei = with_check_digit(fourteen)
    other = fourteen + str((int(imei[-1]) + 1) % 10)
    assert (kinds(guard.hide(imei)), kinds(guard.hide(other))) == (["IMEI"], ["IMSI"])


@given(st.text(max_size=60))
def test_what_was_hidden_can_be_turned_back_by_the_guard_that_hid_it(text: str) -> None:
    guard = Guard(KEY, names=["Acme"])
    if not kinds(text):
        assert guard.reveal(guard.hide(text)) == text


def test_another_key_gives_other_tokens_and_turns_none_back() -> None:
    guard, stranger = Guard(KEY), Guard(b"another key, also long")
    hidden = guard.hide("call +491701234567")
    assert stranger.hide("call +491701234567") != hidden
    assert stranger.reveal(hidden) == hidden
    assert guard.reveal(hidden) == "call +491701234567"


def test_a_vault_that_is_kept_turns_tokens_of_an_earlier_guard_back() -> None:
    vault: dict[str, str] = {}
    hidden = Guard(KEY, vault=vault).hide("jo@example.org")
    assert Guard(KEY, vault=vault).reveal(hidden) == "jo@example.org"


def test_a_token_in_the_text_that_this_guard_never_made_stays_as_it_is() -> None:
    guard = Guard(KEY)
    assert guard.reveal("<MSISDN:0123456789>") == "<MSISDN:0123456789>"


def test_a_short_key_is_refused() -> None:
    with pytest.raises(SettingsError, match="guard key of 15 bytes must have at least 16; delete the key"):
        Guard(b"x" * 15)


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    key = load_key(home)
    assert len(key) == 32
    assert load_key(home) == key
    assert stat.S_IMODE((home / "guard.key").stat().st_mode) == 0o600
    assert load_key(tmp_path / "other") != key


def test_a_key_that_cannot_be_kept_names_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"guard key .* cannot be kept .*; set TELCOLLM_HOME"):
        load_key(tmp_path / "file")


def test_a_guard_key_that_a_crash_left_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / "guard.key").write_bytes(b"")
    os.chmod(tmp_path / "guard.key", 0o600)
    with pytest.raises(SettingsError, match="delete the key file and let it be made"):
        Guard(load_key(tmp_path))


def test_a_token_is_never_hidden_again() -> None:
    guard = Guard(KEY)
    texts = [f"call +{491701000000 + number}" for number in range(300)]
    hidden = [guard.hide(text) for text in texts]
    assert [guard.hide(text) for text in hidden] == hidden
    assert [guard.reveal(text) for text in hidden] == texts


@pytest.mark.parametrize("text", ["+1 202 555 0143", "+1-202-555-0143", "+7 912 345 67 89"])
def test_a_country_code_of_one_digit_is_hidden_however_it_is_spaced(text: str) -> None:
    assert kinds(Guard(KEY).hide(text)) == ["MSISDN"]


@pytest.mark.parametrize("text", ["It is 490154203237518.", "IMEI 490154203237518."])
def test_an_identifier_at_the_end_of_a_sentence_is_hidden(text: str) -> None:
    assert "490154203237518" not in Guard(KEY).hide(text)


@pytest.mark.parametrize("text", ['{"msisdn": "491701234567"}', "{'imsi': '26201123456789'}"])
def test_an_identifier_in_json_is_hidden_with_spaces_and_without(text: str) -> None:
    assert len(kinds(Guard(KEY).hide(text))) == 1


def test_different_addresses_have_different_tokens() -> None:
    guard = Guard(KEY)
    assert guard.hide("a-b@example.org") != guard.hide("ab@example.org")


@pytest.mark.parametrize("text", ["ALICE SMITH called", "客户王小明投诉", "张伟 投诉"])
def test_a_customer_is_hidden_in_any_case_and_amid_chinese_text(text: str) -> None:
    assert kinds(Guard(KEY, names=["Alice Smith", "王小明", "张伟"]).hide(text)) == ["NAME"]


def test_a_guard_that_remembers_nothing_makes_the_same_tokens_and_notes_none() -> None:
    vault: dict[str, str] = {}
    forgetful = Guard(KEY, vault=vault, remember=False)
    hidden = forgetful.hide("call +49 170 1234567")
    assert hidden == Guard(KEY).hide("call +49 170 1234567")
    assert forgetful.reveal(hidden) == hidden
    assert vault == {}


def test_processes_that_start_at_once_get_one_key_and_leave_nothing_else(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with ProcessPoolExecutor(8, mp_context=multiprocessing.get_context("fork")) as pool:
        keys = list(pool.map(load_key, [home] * 64))
    assert {len(key) for key in keys} == {32}
    assert set(keys) == {load_key(home)}
    assert [path.name for path in home.iterdir()] == ["guard.key"]


def test_a_key_made_by_another_while_this_one_was_written_is_the_one_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def slower(source: str, target: Path) -> None:
        target.write_bytes(b"o" * 32)
        link(source, target)

    monkeypatch.setattr(os, "link", slower)
    assert load_key(tmp_path) == b"o" * 32
    assert [path.name for path in tmp_path.iterdir()] == ["guard.key"]
