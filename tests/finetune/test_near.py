"""Texts that nearly repeat each other share a name; texts that only share a way of writing do not."""

from __future__ import annotations

from finetune.near import near_duplicates

STORY = "the customer at site north reports that all mobile data services are down since this morning"


def test_a_text_with_a_word_changed_shares_the_name_of_the_first() -> None:
    other = "an entirely different text about billing and invoices of today"
    texts = [STORY, STORY.replace("north", "south"), other]
    found = near_duplicates(texts, ["a", "b", "c"])
    assert found[0] == found[1] == "a" and found[2] == "c"


def test_chinese_without_blanks_is_compared_by_its_signs() -> None:
    text = "客户反映基站退服之后手机没有信号请尽快派人处理谢谢"
    assert near_duplicates([text, text.replace("谢谢", "多谢")], ["a", "b"]) == ["a", "a"]


def test_short_texts_are_only_compared_as_wholes() -> None:
    assert near_duplicates(["link down", "link up", "link down"], ["a", "b", "c"]) == ["a", "b", "a"]


def test_a_way_of_writing_that_most_rows_share_is_no_repeat() -> None:
    texts = [f"{STORY} number {'abcdefghij'[place % 10] * 3}{place // 10 * 'x'}" for place in range(100)]
    names = [str(place) for place in range(100)]
    assert near_duplicates(texts, names) == names
