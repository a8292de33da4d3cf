"""My kit: when it is due, what is in the bag, more time in one tap, and a way to say that something is wrong.

Source: SCREENS, "My kit"; RULES 1 and 2.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from lending.circulation.problems import LONGEST, ProblemTold, tell_problem
from lending.circulation.renewal import Renewed, preview_renewal
from lending.circulation.renewal import renew as renew_loan
from lending.domain.states import ChargeState
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.phrases import CHARGE_STATES, Reader, why_due
from lending.queries import borrowers, charges
from lending.queries.borrowers_loans import MyLoan, earlier_loans, kits_in_hand, my_loan
from lending.queries.borrowers_workshops import my_workshops
from lending.web import current
from lending.web.access import own
from lending.web.charged import charged_for
from lending.web.forms import KeyedForm, offer
from lending.web.online.due import headline
from lending.web.online.workshop_words import told
from lending.web.posting import NotDone, posted, pressed, status

bp = Blueprint("my_kit", __name__, url_prefix="/my")

WHOLE_KIT = "0"
"""What a problem is about that is about no part alone."""


class ProblemForm(KeyedForm):
    """What is wrong, with which part."""

    part = RadioField(
        lazy_gettext("What is it about?"), validators=[InputRequired(lazy_gettext("Choose one of the list."))]
    )
    what = RadioField(
        lazy_gettext("What happened?"),
        choices=[
            SelectChoice("missing", lazy_gettext("It was not in the bag")),
            SelectChoice("broken", lazy_gettext("It does not work, or something else")),
        ],
        validators=[InputRequired(lazy_gettext("Choose one of the list."))],
    )
    words = TextAreaField(
        lazy_gettext("Tell us more"),
        description=lazy_gettext("A sentence is enough. The library's staff read it."),
        validators=[
            Optional(),
            Length(max=LONGEST, message=lazy_gettext("That is too long. Use fewer words, or call us.")),
        ],
    )


@bp.get("")
@own
def page() -> ResponseReturnValue:
    """What the patron has borrowed."""
    return _page()


def _page(not_done: NotDone = NotDone()) -> ResponseReturnValue:
    me, at = current.myself(), current.now()
    with current.library().db.read() as session:
        held = kits_in_hand(session, me.patron_id)
        renewable = {
            one.loan: preview_renewal(session, kit=one.kit, at=at, by=current.own_actor()) for one in held if one.is_out
        }
        owed = [line for line in charges.statement(session, me.public_id) if line.state is ChargeState.OWED]
        coming = [one for one in my_workshops(session, me.patron_id, until=current.today()) if one.ends_at > at]
    loans = []
    for one in held:
        reader = _reader(one)
        may = renewable.get(one.loan)
        loans.append(
            {
                **_loan(one, reader),
                "headline": headline(one, reader, at=at),
                "is_out": one.is_out,
                "renew_until": reader.weekday(may.due_at) if may and may.due_at else None,
                "why_not": [current.sentence(block) for block in may.blocks] if may else [],
            }
        )
    page = render_template(
        "online/my_kit.html",
        loans=loans,
        workshop=told(coming[0], current.reader()) if coming else None,
        owed_cents=sum(line.amount_cents for line in owed),
        problems=not_done.sentences,
        key=new_public_id(),
    )
    return page, not_done.status


@bp.post("/loans/<loan>/renewal")
@own
def renew(loan: str) -> ResponseReturnValue:
    """More time, in one tap."""
    found = _mine(loan)
    done: list[Renewed] = []
    not_done = pressed(lambda session, at, by: done.append(renew_loan(session, kit=found.kit, at=at, by=by)))
    if not_done is not None:
        return _page(not_done)
    if done:
        flash(_("You have more time. Your kit is due on %(day)s.", day=_reader(found).weekday(done[0].due_at)), "done")
    return redirect(url_for("my_kit.page"), 303)


@bp.route("/loans/<loan>/problem", methods=["GET", "POST"])
@own
def problem(loan: str) -> ResponseReturnValue:
    """Say that something is missing or does not work."""
    found, form = _mine(loan), ProblemForm()
    if not found.is_out:
        raise Refused.because(Reason.NOT_FOUND)
    parts = {str(part.n): part for part in found.parts}
    offer(form.part, [*((n, part.name) for n, part in parts.items()), (WHOLE_KIT, str(_("Something else")))])
    done: list[ProblemTold] = []

    def do(session: Any, at: Any, by: Any) -> None:
        part = parts.get(form.part.data)
        done.append(
            tell_problem(
                session,
                loan=found.loan,
                part_id=None if part is None else part.part_id,
                is_missing=form.what.data == "missing",
                words=form.words.data or "",
                at=at,
                by=by,
            )
        )

    if posted(form, do):
        flash(_("Thank you. We got your message and will help you.") + _not_billed(done), "done")
        return redirect(url_for("my_kit.page"), 303)
    return render_template("online/problem.html", form=form, kit=found.kit_type, phone=found.branch_phone), status(form)


@bp.get("/loans")
@own
def history() -> ResponseReturnValue:
    """What the patron owes, and earlier loans if they keep them."""
    me = current.myself()
    with current.library().db.read() as session:
        keeps = borrowers.keeps_history(session, me.patron_id)
        earlier = earlier_loans(session, me.patron_id) if keeps else []
        lines = charges.statement(session, me.public_id)
    reader = current.reader()
    return render_template(
        "online/loans.html",
        loans=[_loan(one, _reader(one)) for one in earlier],
        keeps=keeps,
        charges=[
            {
                "what": _sentence(charged_for(charge.kind, charge.part)),
                "amount_cents": charge.amount_cents,
                "state": _(CHARGE_STATES[charge.state]),
                "when": reader.day_and_year(charge.made_at),
            }
            for charge in lines
        ],
        owed_cents=sum(charge.amount_cents for charge in lines if charge.state is ChargeState.OWED),
    )


@bp.get("/loans/<loan>")
@own
def receipt(loan: str) -> ResponseReturnValue:
    """The receipt of one loan: what went out, when it is or was due, and that it came back."""
    found = _mine(loan)
    return render_template("online/receipt.html", loan=_loan(found, _reader(found)), back=request.args.get("back"))


def _mine(loan: str) -> MyLoan:
    """The patron's own loan; somebody else's is no loan at all."""
    with current.library().db.read() as session:
        found = my_loan(session, current.myself().patron_id, loan)
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return found


def _reader(loan: MyLoan) -> Reader:
    """Whoever reads this page, on the clock of the branch that lent the kit."""
    return Reader(current.reader().gettext, current.locale(), loan.zone)


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _not_billed(done: list[ProblemTold]) -> str:
    return " " + _("You will not be billed for that part.") if done and done[0].excused else ""


def _loan(loan: MyLoan, reader: Reader) -> dict[str, Any]:
    why = why_due(loan.rule, loan.cohort, reader.gettext)
    return {
        "id": loan.loan,
        "kit": loan.kit,
        "kit_type": loan.kit_type,
        "branch": loan.branch,
        "branch_phone": loan.branch_phone,
        "branch_address": loan.branch_address,
        "out_on": reader.day_and_year(loan.checked_out_at),
        "due": reader.moment(loan.due_at),
        "why": _sentence(why),
        "back_on": reader.moment(loan.received_at) if loan.received_at else None,
        "parts": [
            {
                "name": part.name,
                "quantity": part.quantity,
                "keep": not part.returnable,
                "told": part.is_reported_missing,
            }
            for part in loan.parts
        ],
        "networks": [(part.network, part.password) for part in loan.parts if part.network],
    }
