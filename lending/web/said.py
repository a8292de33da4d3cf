"""What was done, in the words of the desk: one sentence for the banner, the live region and the row of the log.

The first answer, a repeated one and the log of the day come through here, so that an act is never told in two ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flask_babel import gettext as _

from lending.circulation.checkout import CheckedOut
from lending.circulation.exchange import Exchanged
from lending.circulation.in_library import InUse, UseEnded
from lending.circulation.inspection import Inspected
from lending.circulation.kits import KitFound
from lending.circulation.renewal import DueDateSet, Renewed
from lending.circulation.returns import Next, Returned
from lending.circulation.shelf import Captured, PutBack
from lending.circulation.transfers import Transferred
from lending.circulation.turnaround import StepRecorded
from lending.circulation.undo import Undone
from lending.domain.states import KitState, LoanState
from lending.phrases import STEPS, Reader, isolated, one_stop, why_due
from lending.queries.acts import Outcome
from lending.web.names import names
from lending.wording import Tone


@dataclass(frozen=True, slots=True)
class Said:
    """An act in words. ``moved`` is what it adds to the station's numbers; ``loan`` has a receipt to print.

    ``kit_line`` is the kit as its patron's strip tells of it from now on.
    """

    sentence: str
    kit: str
    tone: Tone = Tone.DONE
    who: str = ""
    loan: str | None = None
    undoable: bool = False
    moved: Mapping[str, int] = field(default_factory=dict)
    kit_line: str | None = None


def kit_line(kit: str, due_at: datetime, reader: Reader, *, state: LoanState, at: datetime) -> str:
    """A kit that a patron has, in a few words: ``KIT-1042, due Fri, Dec 18``."""
    given = {"kit": kit, "day": reader.day(due_at)}
    if state is LoanState.LOST:
        return str(_("%(kit)s, listed as lost", **given))
    if state is LoanState.CLAIMED:
        return str(_("%(kit)s, said to be returned", **given))
    if due_at < at:
        return str(_("%(kit)s, was due %(day)s", **given))
    return str(_("%(kit)s, due %(day)s", **given))


def said(outcome: Outcome, reader: Reader) -> Said:
    """Put what an act came to into words."""
    match outcome:
        case CheckedOut():
            return _checked_out(outcome, reader)
        case Returned():
            return _returned(outcome, reader)
        case Exchanged():
            return _exchanged(outcome, reader)
        case Undone():
            return _undone(outcome)
        case Renewed():
            return _renewed(outcome, reader)
        case DueDateSet():
            return _due_date_set(outcome, reader)
        case Inspected():
            return _inspected(outcome, reader)
        case StepRecorded():
            return _step_recorded(outcome, reader)
        case Transferred() | Captured() | KitFound() | PutBack() | InUse() | UseEnded():
            return _where_it_goes(outcome, reader)


def _where_it_goes(outcome: Transferred | Captured | KitFound | PutBack | InUse | UseEnded, reader: Reader) -> Said:
    match outcome:
        case Transferred():
            return _transferred(outcome)
        case Captured():
            return _captured(outcome, reader)
        case KitFound() | PutBack():
            return _turned_up(outcome)
        case InUse() | UseEnded():
            return _used(outcome, reader)


def _checked_out(out: CheckedOut, reader: Reader) -> Said:
    why = why_due(out.rule, out.cohort, reader.gettext)
    if out.rolled_from is not None:
        why = _("%(why)s; the library is closed on %(day)s", why=why, day=reader.day(out.rolled_from))
    given = {"kit": out.kit, "patron": isolated(out.patron_name), "day": reader.day(out.due_on), "why": why}
    if why:
        sentence = _("%(kit)s checked out to %(patron)s. Due %(day)s (%(why)s).", **given)
    else:
        sentence = _("%(kit)s checked out to %(patron)s. Due %(day)s.", **given)
    if out.overridden:
        sentence = _against_a_rule(sentence)
    if out.put_back is not None:
        put_back = _("%(kit)s still lies on the hold shelf for them: put it back.", kit=out.put_back)
        sentence = f"{sentence} {put_back}"
    return Said(
        one_stop(sentence),
        out.kit,
        tone=Tone.DONE if out.put_back is None else Tone.LOOK,
        who=out.patron_name,
        loan=out.loan,
        undoable=True,
        moved={"out": 1, "kits_out": 1},
        kit_line=_out(out.kit, out.due_at, reader),
    )


def _against_a_rule(sentence: str) -> str:
    overridden = _("A rule was overridden.")
    return f"{sentence} {overridden}"


def _out(kit: str, due_at: datetime, reader: Reader) -> str:
    return kit_line(kit, due_at, reader, state=LoanState.OUT, at=due_at)


def _returned(back: Returned, reader: Reader) -> Said:
    sentences = []
    if back.book_drop:
        day = reader.moment(back.received_at)
        sentences.append(_("%(kit)s is back, from the book drop: counted as of %(day)s.", kit=back.kit, day=day))
    elif back.backdated:
        day = reader.moment(back.received_at)
        sentences.append(_("%(kit)s is back, counted as of %(day)s.", kit=back.kit, day=day))
    else:
        sentences.append(_("%(kit)s is back.", kit=back.kit))
    if back.next is Next.TRANSIT:
        sentences.append(_("Send it to %(branch)s.", branch=back.owner))
    else:
        sentences.append(_("Put it on the inspection cart."))
    if back.was_claimed:
        sentences.append(_("The patron had said that it was returned; that is settled now."))
    if back.was_lost:
        sentences.append(_("It was listed as lost; the charge for it is taken back."))
    return Said(
        " ".join(sentences),
        back.kit,
        # Elsewhere than on the cart is what a hurried hand gets wrong.
        tone=Tone.LOOK if back.next is Next.TRANSIT or back.was_lost else Tone.DONE,
        who=back.patron_name,
        loan=back.loan,
        undoable=True,
        moved={"in_": 1},
    )


def _exchanged(out: Exchanged, reader: Reader) -> Said:
    given = {"kit": out.replacement, "faulty": out.kit, "patron": isolated(out.patron_name)}
    day = reader.day(out.due_on)
    sentence = _("%(kit)s goes out to %(patron)s for %(faulty)s. Due %(day)s, as before.", **given, day=day)
    if out.to_branch is None:
        then = _("Put %(kit)s on the inspection cart.", kit=out.kit)
    else:
        then = _("Send %(kit)s to %(branch)s.", kit=out.kit, branch=names().branch(out.to_branch))
    return Said(
        f"{one_stop(sentence)} {then}",
        out.replacement,
        tone=Tone.DONE if out.to_branch is None else Tone.LOOK,
        who=out.patron_name,
        loan=out.loan,
        undoable=True,
    )


def _undone(undone: Undone) -> Said:
    if undone.verb == "check_out":
        sentence = _("Undone: %(kit)s is not checked out.", kit=undone.kit)
        return Said(sentence, undone.kit, moved={"out": -1, "kits_out": -1})
    if undone.verb == "return":
        return Said(_returned_no_more(undone), undone.kit, moved={"in_": -1})
    if undone.faulty is not None:
        given = {"kit": undone.kit, "faulty": undone.faulty}
        sentence = _("Undone: %(kit)s is not checked out; %(faulty)s is out again, due as before.", **given)
        return Said(sentence, undone.kit)
    return Said(_("Undone: %(kit)s is as it was before.", kit=undone.kit), undone.kit)


def _returned_no_more(undone: Undone) -> str:
    if undone.charged:
        sentence = _("Undone: %(kit)s is listed as lost again, with its charge.", kit=undone.kit)
    elif undone.lost:
        sentence = _("Undone: %(kit)s is listed as lost again.", kit=undone.kit)
    else:
        sentence = _("Undone: %(kit)s is out again, due as before.", kit=undone.kit)
    return str(sentence)


def _renewed(renewed: Renewed, reader: Reader) -> Said:
    day = reader.day(renewed.due_on)
    sentence = _("%(kit)s renewed. Due %(day)s.", kit=renewed.kit, day=day)
    if renewed.overridden:
        sentence = _against_a_rule(sentence)
    return Said(sentence, renewed.kit, loan=renewed.loan, kit_line=_out(renewed.kit, renewed.due_at, reader))


def _due_date_set(changed: DueDateSet, reader: Reader) -> Said:
    day = reader.day(changed.due_on)
    if changed.rolled_from is not None:
        closed = reader.day(changed.rolled_from)
        sentence = _(
            "%(kit)s is now due %(day)s; the library is closed on %(closed)s.", kit=changed.kit, day=day, closed=closed
        )
    else:
        sentence = _("%(kit)s is now due %(day)s.", kit=changed.kit, day=day)
    return Said(sentence, changed.kit, loan=changed.loan)


def _inspected(seen: Inspected, reader: Reader) -> Said:
    given = {
        "kit": seen.kit,
        "missing": reader.listed(list(seen.missing)),
        "damaged": reader.listed(list(seen.damaged)),
    }
    sentences = []
    if seen.missing and seen.owed_until is not None:
        day = reader.day(seen.owed_until)
        sentences.append(_("%(kit)s: %(missing)s missing. The patron has until %(day)s.", **given, day=day))
    elif seen.missing:
        sentences.append(_("%(kit)s: %(missing)s missing.", **given))
    if seen.damaged:
        sentences.append(_("%(kit)s: %(damaged)s damaged. Put it with the repairs.", **given))
    if seen.charged_cents:
        sentences.append(_("Charged: %(amount)s.", amount=reader.money(seen.charged_cents)))
    if seen.kit_state is KitState.AVAILABLE:
        sentences.append(_("%(kit)s is free again.", **given))
    elif seen.kit_state is KitState.TURNAROUND and seen.steps:
        left = reader.listed([_(STEPS[kind]) for kind in seen.steps])
        sentences.append(_("%(kit)s is complete. Still to do: %(steps)s.", **given, steps=left))
    elif seen.kit_state is KitState.TURNAROUND:
        sentences.append(_("%(kit)s is complete. Make it ready for the next patron.", **given))
    return Said(
        " ".join(sentences),
        seen.kit,
        tone=Tone.LOOK if seen.missing or seen.damaged else Tone.DONE,
        loan=seen.loan,
        undoable=True,
    )


def _step_recorded(step: StepRecorded, reader: Reader) -> Said:
    given = {"kit": step.kit, "step": _(STEPS[step.kind])}
    if step.state is KitState.AVAILABLE:
        return Said(_("%(kit)s: %(step)s. It is free again.", **given), step.kit)
    if step.missing:
        left = reader.listed([_(STEPS[kind]) for kind in step.missing])
        return Said(_("%(kit)s: %(step)s. Still to do: %(steps)s.", **given, steps=left), step.kit)
    return Said(_("%(kit)s: %(step)s.", **given), step.kit)


def _transferred(moved: Transferred) -> Said:
    if moved.to_branch is not None:
        return Said(_("%(kit)s is on its way to %(branch)s.", kit=moved.kit, branch=moved.to_branch), moved.kit)
    arrived = _("%(kit)s has arrived.", kit=moved.kit)
    then = {
        KitState.TO_INSPECT: _("Put it on the inspection cart."),
        KitState.AVAILABLE: _("It is free."),
    }.get(moved.kit_state, _("Make it ready for the next patron."))
    return Said(f"{arrived} {then}", moved.kit)


def _turned_up(kit: KitFound | PutBack) -> Said:
    """A kit that was looked for, or that lay on the hold shelf for nobody."""
    if isinstance(kit, KitFound):
        return Said(_("%(kit)s is found. Put it on the inspection cart.", kit=kit.kit), kit.kit)
    return Said(_("%(kit)s: put it back with the free kits.", kit=kit.kit), kit.kit, tone=Tone.LOOK)


def _used(use: InUse | UseEnded, reader: Reader) -> Said:
    """A kit that goes out for use in the library or at an event, or is back from it; it is in nobody's loan."""
    if isinstance(use, InUse):
        given = {"kit": use.kit, "moment": reader.moment(use.due_at)}
        if use.event is None:
            sentence = _("%(kit)s is for use in the library, back by %(moment)s.", **given)
        else:
            sentence = _("%(kit)s goes to %(event)s, back by %(moment)s.", **given, event=isolated(use.event))
        return Said(one_stop(sentence), use.kit, who=use.patron_name, undoable=True)
    sentences = [_("%(kit)s is back from its use.", kit=use.kit)]
    if use.late:
        sentences = [_("%(kit)s is back from its use, after closing.", kit=use.kit)]
    sends = use.next is Next.TRANSIT
    sentences.append(_("Send it to %(branch)s.", branch=use.owner) if sends else _("Put it on the inspection cart."))
    return Said(" ".join(sentences), use.kit, tone=Tone.LOOK if sends else Tone.DONE, undoable=True)


def _captured(put: Captured, reader: Reader) -> Said:
    given = {"kit": put.kit, "code": put.pickup_code, "day": reader.day(put.ready_until)}
    if put.cohort is None:
        sentence = _("%(kit)s: put it on the hold shelf as %(code)s, until %(day)s.", **given)
    else:
        sentence = _(
            "%(kit)s: put it on the hold shelf as %(code)s, for %(session)s, until %(day)s.",
            **given,
            session=put.cohort,
        )
    return Said(sentence, put.kit, undoable=True)
