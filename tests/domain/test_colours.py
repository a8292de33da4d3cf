"""Claims about a library's own colours: what is measured, what is refused, and what follows from the two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain import colours
from lending.domain.colours import ACCENT, INK, MAIN, MARK, PAPER, TEXT, WHITE, contrast, palette

COLOUR = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "figure"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
        (INK, PAPER, 14.24),
        (MAIN, WHITE, 7.85),
        ("#ffffff", "#07434e", 10.93),
    ],
)
def test_contrast_is_measured_as_the_guidelines_say(one: str, other: str, figure: float) -> None:
    """WCAG 2.2, and the figures of the palette's own table."""
    assert contrast(one, other) == contrast(other, one) == pytest.approx(figure, abs=0.005)


@pytest.mark.parametrize(("typed", "read"), [("#0A5A68", MAIN), ("0a5a68", MAIN), (" #fff ", "#ffffff")])
def test_a_colour_is_read_in_the_forms_in_which_it_is_written(typed: str, read: str) -> None:
    assert colours.read_colour(typed) == read


@pytest.mark.parametrize(
    "typed",
    ["", "#", "teal", "#12345", "#1234567", "#0a5a6g", "rgb(0,0,0)", "#0a5a68;}*{display:none", "#٠٠٠", "url(x)"],
)
def test_what_is_no_colour_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="colour"):
        colours.read_colour(typed)


def test_the_colours_of_the_beginning_do() -> None:
    assert colours.main_too_close(MAIN) is None
    assert colours.accent_too_close(ACCENT, MAIN) is None


def test_a_colour_that_is_too_pale_is_told_its_figure_and_the_nearest_that_works() -> None:
    why = colours.main_too_close("#66aabb")
    assert why is not None
    assert why.figure < why.least == TEXT
    assert colours.main_too_close(why.nearest) is None
    assert contrast(why.nearest, PAPER) == pytest.approx(TEXT, abs=0.9), "no darker than it has to be"


def test_an_accent_that_is_too_dark_is_told_the_nearest_that_works() -> None:
    why = colours.accent_too_close("#803300", MAIN)
    assert why is not None
    assert colours.accent_too_close(why.nearest, MAIN) is None


@given(COLOUR)
def test_the_nearest_main_colour_always_works(colour: str) -> None:
    why = colours.main_too_close(colour)
    assert why is None or colours.main_too_close(why.nearest) is None


def made_to_work(main: str, accent: str) -> tuple[str, str]:
    """The nearest two colours that do."""
    found = colours.main_too_close(main)
    main = main if found is None else found.nearest
    for _ in range(2):  # text on it first, then the bar beside it
        found = colours.accent_too_close(accent, main)
        accent = accent if found is None else found.nearest
    return main, accent


@given(COLOUR, COLOUR)
def test_text_is_read_wherever_the_nearest_colours_that_do_are_drawn(main: str, accent: str) -> None:
    main, accent = made_to_work(main, accent)
    assert (colours.main_too_close(main), colours.accent_too_close(accent, main)) == (None, None)
    drawn = palette(main, accent)
    for one, other in (
        (drawn.main, WHITE),
        (drawn.main, PAPER),
        (drawn.main, drawn.tint),
        (drawn.deep, WHITE),
        (drawn.deep, PAPER),
        (drawn.on_deep, drawn.deep),
        (INK, drawn.accent),
        (INK, drawn.tint),
    ):
        assert contrast(one, other) >= TEXT, (one, other)
    assert contrast(drawn.accent, drawn.deep) >= MARK
