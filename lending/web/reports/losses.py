"""Overdue and loss: what is late now and how long, what was lost in a period, and which parts go missing most.

Source: RULES 7, "overdue rate and ageing; loss rate; parts most lost; unfilled requests".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending.charts import Kind
from lending.domain.counting import Counter, PartCounter, share_of
from lending.domain.permissions import Act
from lending.domain.small_cells import rank
from lending.queries.counts import By, Circulated
from lending.queries.losses import AGES, OverdueNow, PartFigures, loss_rate, overdue_now, parts_most_lost
from lending.queries.report_rows import VERBS
from lending.reporting import findings, words
from lending.reporting.report import Column, Figure, Number, Report, Row, Section, Table, Unit
from lending.web import current
from lending.web.access import allow
from lending.web.reports import showing
from lending.web.reports.choosing import Choice, chosen, period_words
from lending.web.reports.circulation import counted, link, link_before
from lending.web.reports.frame import voice

bp = Blueprint("losses", __name__, url_prefix="/reports")

FIGURES = (Counter.LOST, Counter.FOUND_AGAIN, Counter.BILLED, Counter.UNFILLED)


@bp.get("/overdue")
@allow(Act.SEE_COUNTS)
def page() -> ResponseReturnValue:
    """What is late, and what was lost."""
    choice = chosen()
    return showing.page(_report(choice), choice, endpoint="losses.page")


@bp.get("/overdue.<any(csv,xlsx):form>")
@allow(Act.EXPORT_STATISTICS)
def file(form: str) -> ResponseReturnValue:
    """The same as a file."""
    return showing.file(_report(chosen()), form)


def _report(choice: Choice) -> Report:
    scope, of_kind = choice.branch_ids, {"kit_type_id": choice.kit_type_id, "program_id": choice.program_id}
    with current.library().db.read() as session:
        now, before = (counted(session, choice, each)[0] for each in (choice.period, choice.before))
        late = overdue_now(session, scope, at=current.now(), **of_kind)
        parts = parts_most_lost(session, scope, choice.period, kit_type_ids=choice.kit_type_ids)
        lost = counted(session, choice, choice.period, By.BRANCH)
    reader = current.reader()
    return Report(
        name="overdue",
        title=_("Overdue and loss"),
        period=period_words(choice.period, reader),
        before=period_words(choice.before, reader),
        made_at=current.now(),
        narrowed=choice.narrowed(),
        figures=(*_late_now(late, choice), *_in_period(now, before, choice)),
        sections=(_ages(late, choice), _by_branch(late, lost, choice), _parts(parts, choice)),
        notes=_of_one_program(choice),
        on=choice.period.last,
    )


def _of_one_program(choice: Choice) -> tuple[str, ...]:
    """What cannot be told program by program is told of all."""
    if choice.program is None:
        return ()
    return (
        _("Parts are counted for each kind of kit, whatever the program; the other numbers are of the one chosen."),
    )


def _late_now(late: Sequence[OverdueNow], choice: Choice) -> tuple[Figure, ...]:
    overdue, out = sum(row.overdue for row in late), sum(row.out for row in late)
    url = _overdue_list(choice) or "#ages"
    return (
        Figure(
            _("Overdue now"),
            Number(overdue, url=url),
            _("Kits that are out after they were due, at this moment, whatever the period."),
            note=_("of %(kits)s out", kits=voice().count(out)) if out >= 5 else "",
            measure="overdue",
            late=overdue > 0,
        ),
        Figure(
            _("Overdue rate now"),
            Number(share_of(overdue, out), Unit.SHARE, cases=(overdue, out), url="#by-branch"),
            _("Kits overdue of all kits that are out, at this moment."),
        ),
    )


def _overdue_list(choice: Choice, branch: str | None = None) -> str | None:
    """Where what is overdue now is listed; ``None`` where the list would have kits of other kinds or programs."""
    if choice.kit_type is not None or choice.program_id != choice.led_program_id:
        return None
    given: dict[str, Any] = {name: code for name, code in choice.narrowing.items() if name in ("branch", "program")}
    return url_for("today.rows", wait="overdue", **(given if branch is None else {**given, "branch": branch}))


def _in_period(now: Circulated, before: Circulated, choice: Choice) -> tuple[Figure, ...]:
    returned = replace(_share_late(now), url=link(choice, Counter.LATE_RETURN))
    found = [
        Figure(
            _(words.COUNTERS[Counter.LATE_RETURN][0]),
            Number(now.n(Counter.LATE_RETURN), url=link(choice, Counter.LATE_RETURN)),
            _(words.COUNTERS[Counter.LATE_RETURN][1]),
            before=Number(before.n(Counter.LATE_RETURN), url=link_before(choice, Counter.LATE_RETURN)),
        ),
        Figure(
            _("Returned late"),
            returned,
            _("Late returns of all returns in the period."),
            before=_share_late(before),
        ),
    ]
    for counter in FIGURES:
        listed = counter in VERBS
        url = link(choice, counter) if listed else "#by-branch"
        name, definition = words.COUNTERS[counter]
        found.append(
            Figure(
                _(name),
                Number(now.n(counter), url=url),
                _(definition),
                before=Number(before.n(counter), url=link_before(choice, counter) if listed else None),
                measure=counter.value,
            )
        )
    found.append(
        Figure(
            _("Loss rate"),
            replace(_lost_share(now), url=link(choice, Counter.LOST)),
            _("Kits lost, less those that came back, of all check-outs in the period."),
            before=_lost_share(before),
        )
    )
    return tuple(found)


def _share_late(row: Circulated) -> Number:
    late, returned = row.n(Counter.LATE_RETURN), row.n(Counter.RETURN)
    return Number(share_of(late, returned), Unit.SHARE, cases=(late, returned))


def _lost_share(row: Circulated) -> Number:
    cases = (row.n(Counter.LOST), row.n(Counter.FOUND_AGAIN), row.n(Counter.CHECK_OUT))
    return Number(loss_rate(row), Unit.SHARE, cases=cases)


def _ages(late: Sequence[OverdueNow], choice: Choice) -> Section:
    """How long what is overdue is overdue; the oldest is what will be given up next."""
    spoken = voice()
    labels = [_("up to %(days)s days", days=AGES[0])]
    labels += [_("%(first)s to %(last)s days", first=a + 1, last=b) for a, b in pairwise(AGES)]
    labels.append(_("more than %(days)s days", days=AGES[-1]))
    counts = [sum(row.ages[place] for row in late) for place in range(len(labels))]
    rows = tuple(Row(label, (Number(n),)) for label, n in zip(labels, counts, strict=True))

    def tell(table: Table) -> str:
        oldest = table.rows[-1].numbers[0]
        whole = table.total.numbers[0] if table.total is not None else oldest
        if whole.hidden is not None or oldest.hidden is not None:
            return str(_("Too few to tell without telling of single people"))
        if not whole.value:
            return str(_("Nothing is overdue now"))
        if not oldest.value:
            return str(_("Nothing is overdue for more than %(days)s days", days=AGES[-1]))
        told = {"now": spoken.count(oldest.value), "all": spoken.count(whole.value or 0), "days": AGES[-1]}
        return str(_("%(now)s of %(all)s overdue kits have been so for more than %(days)s days", **told))

    table = Table(
        _("Overdue now, by how long"),
        _("Overdue for"),
        (Column(_("Kits"), measure="overdue"),),
        rows,
        Row(_("Together"), (Number(sum(counts)),)),
    )
    return Section("ages", tell, table, Kind.BARS, (0,), _("Bars: the kits overdue, from the newest to the oldest."))


def _by_branch(late: Sequence[OverdueNow], lost: Sequence[Circulated], choice: Choice) -> Section:
    spoken = voice()
    counts = {str(row.at[By.BRANCH]): row for row in lost}
    lines = []
    for place in choice.places:
        here = [row for row in late if row.branch == place.code]
        out, overdue = sum(row.out for row in here), sum(row.overdue for row in here)
        row = counts.get(place.code)
        numbers = [row.n(counter) if row is not None else 0 for counter in FIGURES]
        url = _overdue_list(choice, place.code)
        lines.append(
            Row(
                place.name,
                (
                    Number(overdue, url=url),
                    Number(out),
                    Number(share_of(overdue, out), Unit.SHARE, cases=(overdue, out)),
                    *(
                        Number(n, url=link(choice, counter, branch=place.code) if counter in VERBS else None)
                        for counter, n in zip(FIGURES, numbers, strict=True)
                    ),
                ),
            )
        )
    lines.sort(key=lambda line: (rank(line.numbers[0].value), line.label))
    sums = [round(sum(line.numbers[place].value or 0 for line in lines)) for place in range(3 + len(FIGURES))]
    whole = (
        Number(sums[0], url=_overdue_list(choice)),
        Number(sums[1]),
        Number(share_of(sums[0], sums[1]), Unit.SHARE, cases=(sums[0], sums[1])),
        *(
            Number(n, url=link(choice, counter) if counter in VERBS else None)
            for counter, n in zip(FIGURES, sums[3:], strict=True)
        ),
    )
    heads = (
        Column(_("Overdue now"), measure="overdue"),
        Column(_("Out now"), _("Kits that are with patrons at this moment."), measure="out"),
        Column(_("Overdue rate now")),
        *(Column(_(words.COUNTERS[each][0]), _(words.COUNTERS[each][1]), measure=each.value) for each in FIGURES),
    )
    return Section(
        "by-branch",
        lambda table: findings.most(
            spoken,
            table,
            one=_("%(now)s kits of %(label)s are overdue now"),
            first=_("%(label)s has the most overdue kits now: %(now)s of %(all)s"),
            nothing=_("No library has a kit overdue now"),
        ),
        Table(_("Late and lost by library"), _("Library"), heads, tuple(lines), Row(_("Together"), whole)),
        Kind.ROWS if len(lines) > 1 else None,
        (0,),
        _("Bars: the kits that are overdue now at each library, the most first."),
    )


def _parts(parts: Sequence[PartFigures], choice: Choice) -> Section:
    spoken = voice()
    names = {one.code: one.name for one in choice.kit_types}
    most_missing = sorted(parts, key=lambda part: rank(part.counts.get(PartCounter.MISSING)))
    rows = tuple(
        Row(
            part.part if len(names) == 1 else f"{part.part} ({names.get(part.kit_type, part.kit_type)})",
            tuple(Number(part.counts.get(counter, 0)) for counter in PartCounter),
        )
        for part in most_missing
    )
    return Section(
        "parts",
        lambda table: findings.most(
            spoken,
            table,
            one=_("%(label)s: %(now)s missing"),
            first=_("What goes missing most: %(label)s, %(now)s times"),
            nothing=_("No part was found missing in this period"),
        ),
        Table(
            _("Parts in this period"),
            _("Part"),
            tuple(Column(_(words.PARTS[each][0]), _(words.PARTS[each][1])) for each in PartCounter),
            rows,
        ),
        Kind.ROWS,
        (0,),
        _("Bars: how many of each part were found missing, the most first."),
    )
