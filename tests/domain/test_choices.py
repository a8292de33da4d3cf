from __future__ import annotations

import pytest

from lending.domain.choices import MOST_CHOICES, SERVICES, TOPICS, Choice, read_choices, write_choices
from lending.wording.choices import CHOICES


def test_a_line_is_a_code_and_a_name_or_a_name_alone() -> None:
    assert read_choices("resume = Résumé\n\n  Career plans & tests \nÜberhaupt") == (
        Choice("resume", "Résumé"),
        Choice("career_plans_tests", "Career plans & tests"),
        Choice("uberhaupt", "Überhaupt"),
    )


def test_what_is_written_is_read_as_it_was() -> None:
    for choices in (TOPICS, SERVICES):
        assert read_choices(write_choices(choices)) == choices


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "resume =",
        "Re Sume = Resume",
        "職業",
        "a\nA!",
        "one = Same\ntwo = same",
        "x" * 61,
        "x" * 33 + " = X",
        "\n".join(f"Topic {n}" for n in range(MOST_CHOICES + 1)),
    ],
)
def test_what_is_no_list_of_choices_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_choices(text)


def test_every_choice_that_the_product_begins_with_is_translated() -> None:
    assert {one.name for one in (*TOPICS, *SERVICES)} == set(CHOICES)
