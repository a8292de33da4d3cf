"""Charts: markup that says what it shows, reads in grey, runs nothing and never draws what is not known."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from lending.charts import NARROW, WIDE, Chart, Kind, Point, Series, draw, drawn_twice

SVG = "{http://www.w3.org/2000/svg}"
MONTHS = ("Sep", "Oct", "Nov")


def points(*values: float | None) -> tuple[Point, ...]:
    return tuple(Point(value, "not known" if value is None else f"{value:g}") for value in values)


def chart(kind: Kind, *series: Series, labels: tuple[str, ...] = MONTHS) -> Chart:
    return Chart(kind, "Check-outs rose 12%", "Bars by month.", labels, series)


def read(kind: Kind, *series: Series, labels: tuple[str, ...] = MONTHS, width: int = WIDE) -> ElementTree.Element:
    markup = draw(chart(kind, *series, labels=labels), name="c", width=width)
    known = str(markup).replace("<svg ", f'<svg xmlns="{SVG[1:-1]}" ', 1)
    return ElementTree.fromstring(known)  # noqa: S314 - our own drawing


def bars(drawing: ElementTree.Element, tone: str = "chart__bar") -> list[ElementTree.Element]:
    return [
        one
        for one in drawing.iter(f"{SVG}rect")
        if tone in one.get("class", "") and "hatch" not in one.get("class", "")
    ]


def words(drawing: ElementTree.Element) -> list[str]:
    return [one.text or "" for one in drawing.iter(f"{SVG}text")]


NOW, BEFORE = Series("November", points(54, 77, 86)), Series("October", points(50, 70, 77))


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_every_drawing_says_what_it_is_and_runs_nothing(kind: Kind, width: int) -> None:
    drawing = read(kind, NOW, BEFORE, width=width)
    assert drawing.get("role") == "img"
    named = (drawing.get("aria-labelledby") or "").split()
    told = {one.get("id"): one.text for one in drawing if one.tag in (f"{SVG}title", f"{SVG}desc")}
    assert [told[name] for name in named] == ["Check-outs rose 12%", "Bars by month."]
    markup = draw(chart(kind, NOW, BEFORE), name="c", width=width)
    assert not re.search(r"<script|style=|\son\w+=|https?:", markup)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_nothing_is_drawn_beyond_the_edge(kind: Kind, width: int) -> None:
    many = tuple(f"Sat, Feb {day}" for day in range(1, 29))
    series = Series("February", points(*range(28)))
    drawing = read(kind, series, labels=many, width=width)
    high = float((drawing.get("viewBox") or "").split()[3])
    for rect in bars(drawing):
        left, top = float(rect.get("x", 0)), float(rect.get("y", 0))
        assert -0.1 <= left <= left + float(rect.get("width", 0)) <= width + 0.1
        assert -0.1 <= top <= top + float(rect.get("height", 0)) <= high + 0.1
    for text in drawing.iter(f"{SVG}text"):
        half = len(text.text or "") * 3.4 if text.get("text-anchor") == "middle" else 0
        assert half - 1 <= float(text.get("x", 0)) <= width - half + 1, text.text


def test_the_tallest_bar_has_the_highest_number_and_the_last_is_darkest() -> None:
    drawing = read(Kind.BARS, NOW)
    tall = [float(rect.get("height", 0)) for rect in bars(drawing)]
    assert tall == sorted(tall)
    assert tall[0] / tall[2] == pytest.approx(54 / 86, abs=0.01)
    assert [rect.get("class") for rect in bars(drawing)][1:] == [
        "chart__bar chart__bar--then",
        "chart__bar chart__bar--now",
    ]
    assert {"54", "77", "86", *MONTHS} <= set(words(drawing))


def test_what_is_not_known_or_hidden_has_no_bar_but_its_word() -> None:
    hidden = Series("November", (*points(54, None), Point(None, "under 5")))
    drawing = read(Kind.BARS, hidden)
    assert [float(rect.get("height", 0)) for rect in bars(drawing)][1:] == [0, 0]
    assert "under 5" in words(read(Kind.ROWS, hidden))


def test_a_word_that_is_too_long_takes_no_number_away() -> None:
    mixed = (Point(41, "41"), Point(None, "menos de 5"), *(Point(n, str(n)) for n in range(50, 60)))
    labels = tuple(f"m{n}" for n in range(12))
    shown = words(read(Kind.BARS, Series("n", mixed), labels=labels))
    assert [word for word in shown if word.isdigit()] == ["41", *(str(n) for n in range(50, 60))]


def test_a_gap_parts_a_line() -> None:
    drawing = read(Kind.LINE, Series("November", points(1, None, 3, 4)), labels=("a", "b", "c", "d"))
    assert len(list(drawing.iter(f"{SVG}polyline"))) == 2


def test_a_day_alone_is_a_dash_that_is_seen() -> None:
    drawing = read(Kind.LINE, Series("Ready", points(14)), Series("Waiting", points(563)), labels=("a",))
    for line in drawing.iter(f"{SVG}polyline"):
        places = line.get("points", "").split()
        assert len(set(places)) == 2


def test_the_line_before_is_told_apart_without_colour() -> None:
    strokes = [one.get("class") for one in read(Kind.LINE, NOW, BEFORE).iter(f"{SVG}polyline")]
    assert strokes == ["chart__stroke chart__stroke--before", "chart__stroke chart__stroke--now"]


def test_steps_of_a_stack_differ_by_hatching_and_lightness() -> None:
    four = [Series(name, points(1, 2, 3)) for name in ("Out", "Made ready", "Shelf", "Free")]
    steps = bars(read(Kind.STACKED, *four), "chart__step")
    first = {(rect.get("class"), rect.get("fill")) for rect in steps}
    assert len(first) == 4
    assert sum(fill is not None for _, fill in first) == 2


def test_a_stack_is_as_tall_as_its_sum() -> None:
    drawing = read(Kind.STACKED, Series("Out", points(10, 5, 1)), Series("Free", points(10, 5, 1)))
    legend = 2
    tall = [float(rect.get("height", 0)) for rect in bars(drawing, "chart__step")[legend:]]
    assert tall[0] + tall[1] == pytest.approx(170, abs=0.3)
    assert tall[2] + tall[3] == pytest.approx(85, abs=0.3)


def test_several_series_have_a_legend_and_one_has_none() -> None:
    assert {"November", "October"} <= set(words(read(Kind.GROUPED, BEFORE, NOW)))
    assert "November" not in words(read(Kind.BARS, NOW))


def test_a_funnel_stands_in_tracks_of_the_first_step() -> None:
    drawing = read(Kind.FUNNEL, Series("People", points(22, 18, 11)), labels=("Seat", "Kit", "Came"))
    tracks = [float(rect.get("width", 0)) for rect in bars(drawing, "chart__track")]
    long = [float(rect.get("width", 0)) for rect in bars(drawing, "chart__bar--now")]
    assert len(set(tracks)) == 1
    assert long[0] == tracks[0]
    assert long[2] / long[0] == pytest.approx(0.5, abs=0.01)


def test_a_long_name_stands_above_its_bar_and_is_cut_where_it_must() -> None:
    name = "East Los Angeles Library, Work Ready kit"
    drawing = read(Kind.ROWS, Series("n", points(5)), labels=(name,))
    assert name in words(drawing)
    short = read(Kind.ROWS, Series("n", points(5)), labels=(name * 4,))
    assert any(text.endswith("…") for text in words(short))


def test_letters_that_mean_something_to_markup_are_escaped() -> None:
    drawing = read(Kind.BARS, Series("n", points(1)), labels=('<b>"Kits" & more',))
    assert '<b>"Kits" & more' in words(drawing)


def test_nothing_at_all_is_drawn_all_the_same() -> None:
    for kind in Kind:
        assert read(kind, Series("n", ()), labels=()).get("role") == "img"


def test_both_widths_have_ids_of_their_own() -> None:
    ids = re.findall(r' id="([^"]+)"', drawn_twice(chart(Kind.STACKED, NOW, BEFORE), name="c"))
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("letters", range(1, 20))
def test_a_label_that_has_room_beside_its_bar_is_never_cut(letters: int) -> None:
    points = tuple(Point(n, str(n)) for n in (3, 2))
    drawn = draw(Chart(Kind.ROWS, "t", "d", ("W" * letters, "W"), (Series("s", points),)), name="c")
    assert "…" not in drawn


def test_shares_stand_in_tracks_that_are_the_whole() -> None:
    drawing = read(Kind.SHARES, Series("Agree", (Point(0.9, "90%"), Point(0.45, "45%"))), labels=("A", "B"))
    (track, _), (most, half) = (
        [float(rect.get("width", 0)) for rect in bars(drawing, tone)] for tone in ("chart__track", "chart__bar--now")
    )
    assert (most / track, half / track) == (pytest.approx(0.9, abs=0.01), pytest.approx(0.45, abs=0.01))


@pytest.mark.parametrize("darkest", [-2, 0])
def test_the_bar_that_the_finding_speaks_of_is_darkest(darkest: int) -> None:
    told = Chart(Kind.BARS, "t", "d", MONTHS, (NOW,), darkest=darkest)
    tones = re.findall(r"chart__bar--(now|then)", draw(told, name="c"))
    assert [place for place, tone in enumerate(tones) if tone == "now"] == [darkest % 3]


def test_a_stack_tells_its_highest_sum_and_its_last() -> None:
    stacked = Chart(Kind.STACKED, "t", "d", MONTHS, (NOW, BEFORE), sums=points(104, 171, 163))
    assert re.findall(r'chart__value"[^>]*>(\d+)<', draw(stacked, name="c")) == ["171", "163"]


def test_the_other_line_says_where_it_ends() -> None:
    other = Series("Waiting", points(9, 12, 16))
    assert [word for word in words(read(Kind.LINE, Series("Ready", points(0, 2, 2)), other)) if word.isdigit()] == [
        "2",
        "2",
        "16",
    ]


@pytest.mark.parametrize(("days", "width"), [(20, 340), (22, 560), (28, 340), (12, 340)])
def test_labels_stand_at_equal_distances(days: int, width: int) -> None:
    labels = tuple(f"Fri, Nov {day}" for day in range(1, days + 1))
    shown = [
        labels.index(word)
        for word in words(read(Kind.BARS, Series("n", points(*range(days))), labels=labels, width=width))
        if word in labels
    ]
    assert len({later - earlier for later, earlier in pairwise(shown)}) == 1
    assert shown[0] == days - 1


def test_few_labels_all_stand_below_their_bars() -> None:
    ages = ("up to 7 days", "8 to 14 days", "15 to 21 days", "more than 21 days")
    drawing = read(Kind.BARS, Series("Kits", points(4, 0, 2, 0)), labels=ages, width=NARROW)
    shown = [one for one in drawing.iter(f"{SVG}text") if one.get("class") == "chart__label"]
    for place, age in enumerate(ages):
        near = [one for one in shown if abs(float(one.get("x", 0)) - 85 * (place + 0.5)) < 12]
        assert " ".join(one.text or "" for one in near) == age
    assert max(float(one.get("y", 0)) for one in shown) < float((drawing.get("viewBox") or "").split()[3])


def test_twenty_names_are_drawn_lower_than_ten_and_ten() -> None:
    def height(rows: int) -> float:
        names = tuple(f"East Rancho Dominguez {n}" for n in range(rows))
        return float((read(Kind.ROWS, Series("n", points(*range(rows))), labels=names).get("viewBox") or "").split()[3])

    assert height(20) < 1.7 * height(10)
