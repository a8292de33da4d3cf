"""Claims about the patterns of code spaces."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.code_patterns import LONGEST, CodePattern


@pytest.mark.parametrize(
    ("pattern", "code", "is_one"),
    [
        (r"KIT-\d{3,6}", "KIT-00042", True),
        (r"KIT-\d{3,6}", "KIT-12", False),
        (r"KIT-\d{3,6}", "KIT-1234567", False),
        (r"KIT-\d{3,6}", "KIT-00042\n", False),
        (r"KIT-\d{3,6}", "KIT-٠٠٠٤٢", False),
        (r"CO-[A-Z0-9-]+", "CO-WR-7", True),
        (r"CO-[A-Z0-9-]+", "CO-", False),
        (r"CO-[A-Z0-9-]+", "CO-" + "7" * LONGEST, False),
        (r"[^", "X", None),
        (r"A?\d{4}", "A0042", True),
        (r"A?\d{4}", "0042", True),
    ],
)
def test_a_pattern_matches_whole_codes_only(pattern: str, code: str, is_one: bool | None) -> None:
    if is_one is None:
        with pytest.raises(ValueError, match="not known"):
            CodePattern(pattern)
    else:
        assert CodePattern(pattern).matches(code) is is_one


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("(KIT|BOX)-1", "not known"),
        ("KIT.*", "not known"),
        ("kit-1", "not known"),
        ("(A+)+", "not known"),
        ("", "nothing at all"),
        ("A?", "nothing at all"),
        (r"\d{6,3}", "out of order"),
        (r"\d{0}", "out of order"),
        (r"\d{99}", "too long"),
        ("[Z-A]", "matches nothing"),
        ("[9-0]+", "matches nothing"),
    ],
)
def test_a_pattern_that_cannot_be_proved_is_refused_and_named(pattern: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as refused:
        CodePattern(pattern)
    assert repr(pattern) in str(refused.value)


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        (r"KIT-\d{3,6}", r"PT-\d{3,7}", None),
        (r"KIT-\d{3,6}", r"KIT-\d{5}", "KIT-00000"),
        (r"KIT-\d{3,6}", r"[A-Z]+-\d+", "KIT-000"),
        (r"\d{6}", r"\d{14}", None),
        (r"\d{3,14}", r"2\d{13}", "2" + "0" * 13),
        (r"A+B", r"A+C", None),
        (r"A?B", r"B", "B"),
        (r"CO-[A-Z0-9-]+", r"CO-[A-Z]+", "CO-A"),
        (r"[A-Z0-9-]+X", r"[A-Z0-9-]+Y", None),
    ],
)
def test_two_patterns_share_a_code_exactly_when_one_is_shown(one: str, other: str, shared: str | None) -> None:
    assert CodePattern(one).shared_with(CodePattern(other)) == shared
    assert (CodePattern(other).shared_with(CodePattern(one)) is None) is (shared is None)


_PIECES = st.lists(
    st.tuples(st.sampled_from(["A", "B", r"\d", "[AB]", "[A-C1]", "1"]), st.sampled_from(["", "?", "{2}", "{1,3}"])),
    min_size=1,
    max_size=4,
).map(lambda pieces: "A" + "".join(characters + times for characters, times in pieces))


@given(_PIECES, _PIECES, st.data())
def test_disjoint_patterns_never_match_the_same_code(one: str, other: str, data: st.DataObject) -> None:
    shared = CodePattern(one).shared_with(CodePattern(other))
    if shared is not None:
        assert CodePattern(one).matches(shared)
        assert CodePattern(other).matches(shared)
    else:
        code = data.draw(st.from_regex(re.compile(one, re.ASCII), fullmatch=True))
        assert not CodePattern(other).matches(code)
