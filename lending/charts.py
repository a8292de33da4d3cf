"""Charts drawn on the server as SVG: values and finished words in, markup out; no script and no style inside.

A chart never stands alone: its heading states what it shows, and a table beside it holds the same numbers. Tones differ
in lightness or hatching, so that a chart is read in grey; the colours are the style sheet's. What is unknown or hidden
has no bar, only its word. Source: SCREENS, "Manager pages"; BATTERY, "charts".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from textwrap import wrap

from markupsafe import Markup, escape

WIDE, NARROW = 560, 340
"""Widths in units of the drawing: one for a page, one for a telephone, where type would become too small."""

_LINE, _LETTER = 17, 7.2
"""The height of a line of type and the width of a letter, about, at the size that the style sheet sets (13)."""

_PLOT = 170
"""How high the tallest bar is."""

_FEW = 7
"""So many labels or fewer all stand below their bars: a week, the ages of what is overdue."""

_MANY = 12
"""From more lines on, lying bars are thinner: twenty libraries are no column as high as the page."""

_BROADEST = 60
"""How broad an upright bar may be: two days are no two towers."""


@unique
class Kind(StrEnum):
    """How numbers are drawn."""

    BARS = "bars"
    GROUPED = "grouped"
    """Two bars beside each other for each label: the period before, and this one."""
    STACKED = "stacked"
    LINE = "line"
    """One line for each series; the first is this period, a second one the period before."""
    ROWS = "rows"
    """Horizontal bars, for long labels."""
    SHARES = "shares"
    """Horizontal bars in tracks that are the whole: shares from 0 to 1."""
    FUNNEL = "funnel"
    """Horizontal bars in tracks as long as the first: what is left of it at each step."""


@dataclass(frozen=True, slots=True)
class Point:
    """One number; ``value`` is ``None`` where it is unknown or hidden, and ``shown`` says it in words either way."""

    value: float | None
    shown: str


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers that belong together, one for each label of the chart."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn: ``title`` is the finding, ``description`` what is seen, for who does not see it.

    ``darkest``: the place of the upright bar that the finding speaks of; from the end where it is below 0. ``sums``:
    what the series of a stack come to, for each label.
    """

    kind: Kind
    title: str
    description: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    darkest: int = -1
    sums: tuple[Point, ...] = ()


def draw(chart: Chart, *, name: str, width: int = WIDE) -> Markup:
    """The chart as one ``svg`` element; ``name`` makes its ids unique on the page."""
    body, height = _DRAWN[chart.kind](chart, name, width)
    return Markup(
        '<svg class="chart__drawing chart__drawing--{kind}" viewBox="0 0 {width} {height}"'
        ' preserveAspectRatio="xMinYMin meet" direction="ltr"'
        ' role="img" aria-labelledby="{name}-title {name}-desc" focusable="false">'
        '<title id="{name}-title">{title}</title><desc id="{name}-desc">{desc}</desc>{hatching}{body}</svg>'
    ).format(
        kind=chart.kind.value,
        width=width,
        height=_number(height),
        name=name,
        title=chart.title,
        desc=chart.description,
        hatching=_hatching(name) if chart.kind is Kind.STACKED else "",
        body=body,
    )


def drawn_twice(chart: Chart, *, name: str) -> Markup:
    """The chart for a wide place and for a narrow one; the style sheet shows the one that fits."""
    return Markup('<div class="chart__wide">{}</div><div class="chart__narrow">{}</div>').format(
        draw(chart, name=f"{name}-wide"), draw(chart, name=f"{name}-narrow", width=NARROW)
    )


# --- Upright bars -----------------------------------------------------------------------------------------------------


def _bars(chart: Chart, name: str, width: int) -> tuple[Markup, float]:
    """One bar a label, and one darkest: it is what the heading speaks of."""
    series = chart.series[0]
    highest = _highest(series.points)
    slot = width / max(1, len(chart.labels))
    base = _LINE + 6 + _PLOT
    parts = [_base_line(width, base)]
    told = _told(series.points, slot)
    for place, point in enumerate(series.points):
        middle, tall = slot * (place + 0.5), _tall(point, highest)
        broad = min(slot * 0.64, _BROADEST)
        tone = "now" if place == chart.darkest % len(series.points) else "then"
        parts.append(_bar(middle - broad / 2, base - tall, broad, tall, f"chart__bar--{tone}"))
        if place in told:
            parts.append(_text(middle, base - tall - 6, point.shown, *_VALUE))
    return _with_labels(parts, chart.labels, slot, base, width)


def _grouped(chart: Chart, name: str, width: int) -> tuple[Markup, float]:
    """Light before, dark now, side by side; the heights are compared, so that both have one scale."""
    legend, top = _legend(chart, width, ("chart__bar--before", "chart__bar--now"))
    points = [point for series in chart.series for point in series.points]
    highest = _highest(points)
    slot = width / max(1, len(chart.labels))
    wide = min(slot * 0.74 / max(1, len(chart.series)), _BROADEST)
    base = top + _LINE + 6 + _PLOT
    parts = [*legend, _base_line(width, base)]
    for number, series in enumerate(chart.series):
        tone = "now" if number == len(chart.series) - 1 else "before"
        told = _told(series.points, wide)
        for place, point in enumerate(series.points):
            tall = _tall(point, highest)
            left = slot * (place + 0.5) + wide * (number - len(chart.series) / 2)
            parts.append(_bar(left, base - tall, wide * 0.94, tall, f"chart__bar--{tone}"))
            if place in told:
                parts.append(_text(left + wide * 0.47, base - tall - 6, point.shown, *_VALUE))
    return _with_labels(parts, chart.labels, slot, base, width)


def _stacked(chart: Chart, name: str, width: int) -> tuple[Markup, float]:
    """Series on top of one another, told apart by lightness and hatching; on top stand the highest sum and the last."""
    tones = tuple(f"chart__step-{1 + number % 4}" for number in range(len(chart.series)))
    legend, top = _legend(chart, width, tones, name)
    sums = [sum(series.points[place].value or 0 for series in chart.series) for place in range(len(chart.labels))]
    highest = max([*sums, 1])
    slot = width / max(1, len(chart.labels))
    base, broad = top + _LINE + 6 + _PLOT, min(slot * 0.64, _BROADEST)
    parts = [*legend, _base_line(width, base)]
    for place in range(len(chart.labels)):
        foot = base
        for number, series in enumerate(chart.series):
            tall = (series.points[place].value or 0) / highest * _PLOT
            foot -= tall
            parts.append(_step(slot * (place + 0.5) - broad / 2, foot, broad, tall, number, name))
    for place in _apart(chart.sums, slot):
        middle = _inside(slot * (place + 0.5), chart.sums[place].shown, width)
        parts.append(_text(middle, base - _tall(chart.sums[place], highest) - 6, chart.sums[place].shown, *_VALUE))
    return _with_labels(parts, chart.labels, slot, base, width)


# --- Lines ------------------------------------------------------------------------------------------------------------


def _line(chart: Chart, name: str, width: int) -> tuple[Markup, float]:
    """This period as a thick line with dots, the one before as a dashed line; a gap is a day that nobody knows."""
    legend, top = _legend(chart, width, ("chart__stroke--now", "chart__stroke--before"))
    highest = _highest([point for series in chart.series for point in series.points])
    margin = 14.0
    steps = max(1, len(chart.labels) - 1)
    base = top + _LINE + 6 + _PLOT
    parts = [*legend, _base_line(width, base)]

    def across(place: int) -> float:
        return margin + (width - 2 * margin) * place / steps

    for number in reversed(range(len(chart.series))):
        tone = "now" if number == 0 else "before"
        points = chart.series[number].points
        for run in _runs(points):
            places = [(across(p), base - _tall(points[p], highest)) for p in run]
            if len(places) == 1:  # a line of one point is not drawn: a day alone is a dash
                places = [(places[0][0] + step, places[0][1]) for step in (-5.0, 5.0)]
            path = " ".join(f"{_number(x)},{_number(y)}" for x, y in places)
            parts.append(Markup('<polyline class="chart__stroke chart__stroke--{}" points="{}"/>').format(tone, path))
        if number == 0 and len(points) <= 40:
            for place, point in enumerate(points):
                if point.value is not None:
                    parts.append(_dot(across(place), base - _tall(point, highest)))
    heights: dict[int, float] = {}
    for place, point in _told_of_lines(chart.series):
        near, high = min(max(across(place), 20), width - 20), base - _tall(point, highest) - 9
        if abs(heights.setdefault(place, high) - high) < _LINE and heights[place] != high:
            continue  # the other line's number stands there
        parts.append(_text(near, high, point.shown, *_VALUE))
    parts += _row_of_labels(chart.labels, across, base, width)
    return _joined(parts), base + _LINE + 8


def _told_of_lines(series: Sequence[Series]) -> Iterator[tuple[int, Point]]:
    """The numbers that stand at lines: of the first its highest and its last, of the others where they end."""
    for number, one in enumerate(series):
        ends = sorted(_ends(one.points))
        for place in ends if number == 0 else [max(ends)] if ends else []:
            yield place, one.points[place]


def _runs(points: Sequence[Point]) -> list[list[int]]:
    """The places of known values that follow one another."""
    runs: list[list[int]] = [[]]
    for place, point in enumerate(points):
        if point.value is None:
            runs.append([])
        else:
            runs[-1].append(place)
    return [run for run in runs if run]


def _ends(points: Sequence[Point]) -> set[int]:
    """Where the line's highest value and its last one are."""
    known = [place for place, point in enumerate(points) if point.value is not None]
    return {known[-1], max(known, key=lambda place: points[place].value or 0)} if known else set()


# --- Lying bars -------------------------------------------------------------------------------------------------------


def _rows(chart: Chart, name: str, width: int) -> tuple[Markup, float]:
    return _lying(chart, width, highest=_highest(chart.series[0].points), tracks=False)


def _shares(chart: Chart, name: str, width: int) -> tuple[Markup, float]:
    return _lying(chart, width, highest=1.0, tracks=True)


def _funnel(chart: Chart, name: str, width: int) -> tuple[Markup, float]:
    return _lying(chart, width, highest=_highest(chart.series[0].points), tracks=True)


def _lying(chart: Chart, width: int, *, highest: float, tracks: bool) -> tuple[Markup, float]:
    """A line for each label: its name, a bar and the number; a name that is too long for that stands above."""
    points = chart.series[0].points
    # Codes of sessions are capitals, which are wider.
    longest = 12 + max((_wide(label) for label in chart.labels), default=0)
    above = longest > width * 0.45
    names = 0.0 if above else longest
    numbers = 10 + max((len(point.shown) for point in points), default=0) * (_LETTER + 0.6)
    room = max(40.0, width - names - numbers)
    high = 20.0 if len(points) <= _MANY else 13.0
    step = high + (26.0 if above else 12.0)
    parts = []
    for place, (label, point) in enumerate(zip(chart.labels, points, strict=True)):
        top = step * place + (_LINE + 4 if above else 4)
        fits = int(width / _LETTER) if above else len(label)
        x, y, anchor = (0.0, top - 7, "start") if above else (names - 12, top + 15, "end")
        y -= 0.0 if above else (20.0 - high) / 2
        parts.append(_text(x, y, _cut(label, fits), "chart__label", anchor))
        if tracks:
            parts.append(_bar(names, top, room, high, "chart__track"))
        long = 0.0 if point.value is None else min(point.value / highest, 1.0) * room
        parts.append(_bar(names, top, long, high, "chart__bar--now"))
        beside = room if tracks else long
        parts.append(_text(names + beside + 7, top + high / 2 + 5, point.shown, "chart__value", "start"))
    return _joined(parts), step * len(points) + 4


def _wide(label: str) -> float:
    """How wide a name is, about: capitals take more room."""
    return sum(_LETTER + (1.8 if letter.isupper() else 0.2) for letter in label)


_RECT = Markup('<rect class="{}"{} x="{}" y="{}" width="{}" height="{}"/>')
_LINE_DRAWN = Markup('<line class="{0}" x1="{1}" y1="{2}" x2="{3}" y2="{2}"/>')
_VALUE = ("chart__value", "middle")
_TEXT = Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>')

# --- Small parts ------------------------------------------------------------------------------------------------------

_DRAWN = {
    Kind.BARS: _bars,
    Kind.GROUPED: _grouped,
    Kind.STACKED: _stacked,
    Kind.LINE: _line,
    Kind.ROWS: _rows,
    Kind.SHARES: _shares,
    Kind.FUNNEL: _funnel,
}


def _highest(points: Iterable[Point]) -> float:
    return max((point.value for point in points if point.value is not None), default=0) or 1


def _tall(point: Point, highest: float) -> float:
    return 0.0 if point.value is None else point.value / highest * _PLOT


def _told(points: Sequence[Point], room: float) -> set[int]:
    """Which bars have room for their number: all, or else the highest and the last. A word may be too long alone."""
    fits = {place for place, point in enumerate(points) if len(point.shown) * (_LETTER + 0.6) <= room * 1.45}
    return (
        fits
        if fits >= {place for place, point in enumerate(points) if point.value is not None}
        else _apart(points, room)
    )


def _apart(points: Sequence[Point], room: float) -> set[int]:
    """The last and the highest, unless their numbers would touch."""
    ends = sorted(_ends(points))
    if len(ends) == 2 and (ends[1] - ends[0]) * room < len(points[ends[0]].shown) * _LETTER + 8:
        return {ends[1]}
    return set(ends)


def _with_labels(
    parts: Iterable[Markup], labels: Sequence[str], slot: float, base: float, width: float
) -> tuple[Markup, float]:
    """Labels below their bars. A few are no row of days: each stands there, on more lines than one if it must."""
    if len(labels) > _FEW:
        row = _row_of_labels(labels, lambda place: slot * (place + 0.5), base, width)
        return _joined([*parts, *row]), base + _LINE + 8
    folded = [wrap(label, max(4, int((slot - 4) / _LETTER)), break_long_words=False) for label in labels]
    below = [
        _text(_inside(slot * (place + 0.5), line, width), base + _LINE * number, line, "chart__label", "middle")
        for place, lines in enumerate(folded)
        for number, line in enumerate(lines, start=1)
    ]
    return _joined([*parts, *below]), base + _LINE * max((len(lines) for lines in folded), default=1) + 8


def _row_of_labels(labels: Sequence[str], across: Callable[[int], float], base: float, width: float) -> list[Markup]:
    """Every label, or every second, third ... counted from the last: as many as stand on one line without touching."""
    for every in range(1, len(labels) + 1):
        places = range(len(labels) - 1, -1, -every)
        middles = {place: _inside(across(place), labels[place], width) for place in places}
        if all(_clear(middles, labels, place, place - every) for place in places[:-1]):
            texts = (_text(x, base + _LINE, labels[place], "chart__label", "middle") for place, x in middles.items())
            return list(texts)
    return []


def _clear(middles: Mapping[int, float], labels: Sequence[str], later: int, earlier: int) -> bool:
    """Whether there is a gap between two labels."""
    needed = (len(labels[later]) + len(labels[earlier])) * _LETTER / 2
    return middles[later] - middles[earlier] >= needed + 6


def _inside(x: float, words: str, width: float) -> float:
    """Where the middle of ``words`` may be without a letter beyond the edge."""
    half = min(len(words) * _LETTER / 2, width / 2)
    return min(max(x, half), width - half)


def _legend(chart: Chart, width: int, tones: Sequence[str], name: str = "") -> tuple[list[Markup], float]:
    """What the tones mean, in as many lines as it takes; nothing for a single series."""
    if len(chart.series) < 2:
        return [], 0
    parts, x, y = [], 0.0, 4.0
    for number, series in enumerate(chart.series):
        needs = 22 + len(series.name) * _LETTER + 18
        if x and x + needs > width:
            x, y = 0.0, y + _LINE + 6
        tone = tones[min(number, len(tones) - 1)]
        if tone.startswith("chart__stroke"):
            parts.append(_LINE_DRAWN.format(f"chart__stroke {tone}", _number(x), _number(y + 7), _number(x + 16)))
        elif tone.startswith("chart__step"):
            parts.append(_step(x, y, 14, 14, number, name))
        else:
            parts.append(_bar(x, y, 14, 14, tone))
        parts.append(_text(x + 22, y + 12, series.name, "chart__label", "start"))
        x += needs
    return parts, y + _LINE + 8


def _hatching(name: str) -> Markup:
    """Two ways of hatching, so that neighbours differ by more than a shade."""
    return Markup(
        '<defs><pattern id="{name}-hatch" width="6" height="6" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><rect class="chart__hatch-ground" width="6" height="6"/>'
        '<rect class="chart__hatch" width="2.5" height="6"/></pattern>'
        '<pattern id="{name}-dots" width="6" height="6" patternUnits="userSpaceOnUse">'
        '<rect class="chart__hatch-ground" width="6" height="6"/><circle class="chart__hatch" cx="3" cy="3" r="1.5"/>'
        "</pattern></defs>"
    ).format(name=name)


def _step(x: float, y: float, wide: float, tall: float, number: int, name: str) -> Markup:
    """A part of a stacked bar: dark, hatched, light, dotted."""
    fill = {1: f"url(#{name}-hatch)", 3: f"url(#{name}-dots)"}.get(number % 4)
    attribute = Markup(' fill="{}"').format(fill) if fill else ""
    tone = f"chart__step chart__step-{1 + number % 4}"
    return _RECT.format(tone, attribute, _number(x), _number(y), _number(wide), _number(tall))


def _bar(x: float, y: float, wide: float, tall: float, tone: str) -> Markup:
    return _RECT.format(f"chart__bar {tone}", "", _number(x), _number(y), _number(wide), _number(tall))


def _dot(x: float, y: float) -> Markup:
    return Markup('<circle class="chart__dot" cx="{}" cy="{}" r="3.5"/>').format(_number(x), _number(y))


def _base_line(width: float, y: float) -> Markup:
    return _LINE_DRAWN.format("chart__base", 0, _number(y), _number(width))


def _text(x: float, y: float, words: str, tone: str, anchor: str) -> Markup:
    return _TEXT.format(tone, _number(x), _number(y), anchor, words)


def _cut(words: str, letters: int) -> str:
    return words if len(words) <= letters else words[: max(1, letters - 1)].rstrip() + "…"


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _joined(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(escape(part) for part in parts)
