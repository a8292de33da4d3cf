"""Referral pages: make one with written consent, ask later what came of it, and consent that was taken back.

The list is of those that nobody has an answer for, the oldest first. Source: RULES 7, "Referrals"; RULES 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from lending.domain.periods import month_of
from lending.domain.permissions import Act
from lending.models.base import new_public_id
from lending.models.referrals import OutcomeSource, ReferralOutcome
from lending.programs.referrals import make_referral, record_outcome, withdraw_consent
from lending.queries import referrals as queries
from lending.queries.codes import card_number
from lending.queries.referrals import ReferralShown, ServiceCounted
from lending.web import current
from lending.web.access import allow
from lending.web.forms import DayField, KeyedForm, offer
from lending.web.outcomes.standing import Standing, standing_or_choose, word_of, words_of
from lending.web.posting import NotDone, posted, pressed, status

bp = Blueprint("referrals", __name__)

PAGE = 50
OUTCOMES = {
    ReferralOutcome.ENROLLED: lazy_gettext("enrolled"),
    ReferralOutcome.PLACED: lazy_gettext("found work"),
    ReferralOutcome.DID_NOT_GO: lazy_gettext("did not go"),
    ReferralOutcome.UNKNOWN: lazy_gettext("asked, and nobody knows"),
}
SOURCES = {
    OutcomeSource.SELF_REPORTED: lazy_gettext("the person said so"),
    OutcomeSource.CONFIRMED: lazy_gettext("the service confirmed it"),
}
_NEEDED = lazy_gettext("Fill this in.")
_CONSENT = lazy_gettext("Nobody is referred without written consent. Have it signed first, and say on which day.")


class ReferralForm(KeyedForm):
    """Who is sent where, and why. No name is asked for."""

    sent_to = SelectField(lazy_gettext("Sent to"), validators=[InputRequired(_NEEDED)])
    reason = SelectField(lazy_gettext("Reason"), validators=[InputRequired(_NEEDED)])
    consented_on = DayField(
        lazy_gettext("Consent signed on"),
        description=lazy_gettext("The paper stays with you."),
        validators=[InputRequired(_CONSENT)],
    )
    patron = StringField(
        lazy_gettext("Library card"),
        description=lazy_gettext("Scan it if they have one. Without a card, nothing says who it was."),
        validators=[Optional(), Length(max=80)],
    )
    referred_on = DayField(lazy_gettext("Referred on"), validators=[InputRequired(_NEEDED)])


class OutcomeForm(KeyedForm):
    """What came of a referral, and who says so."""

    outcome = SelectField(
        lazy_gettext("What came of it"), choices=[SelectChoice(one.value, words) for one, words in OUTCOMES.items()]
    )
    source = SelectField(
        lazy_gettext("How it is known"), choices=[SelectChoice(one.value, words) for one, words in SOURCES.items()]
    )
    on = DayField(lazy_gettext("Since"), validators=[InputRequired(_NEEDED)])


@bp.get("/referrals")
@allow(Act.TALLY)
def index() -> ResponseReturnValue:
    """The referrals without an answer, the oldest first, and what this month came to."""
    after = request.args.get("after", "")[:16] or None
    with current.library().db.read() as session:
        waiting, more = queries.referrals_waiting(session, current.branch_ids(), after=after, limit=PAGE)
        month = _month(session)
    services, outcomes = _services(), {one: str(words) for one, words in OUTCOMES.items()}
    return render_template(
        "outcomes/referrals.html",
        referrals=[_shown(one) for one in waiting],
        month=[
            {
                "service": word_of(one.sent_to, services),
                "made": one.made,
                "waiting": one.waiting,
                "outcomes": [one.outcomes.get(outcome, 0) for outcome in outcomes],
            }
            for one in month
        ],
        outcomes=list(outcomes.values()),
        more_url=url_for(".index", after=more) if more else None,
    )


@bp.route("/referrals/new", methods=["GET", "POST"])
@allow(Act.TALLY)
def new() -> ResponseReturnValue:
    """Make a referral."""
    place = standing_or_choose()
    if not isinstance(place, Standing):
        return place
    form = ReferralForm()
    offer(form.sent_to, list(_services().items()))
    offer(form.reason, list(_topics().items()))
    if not form.is_submitted():
        form.referred_on.data = place.today

    def do(session: Any, at: Any, by: Any) -> None:
        make_referral(
            session,
            branch_id=place.branch_id,
            sent_to=form.sent_to.data,
            reason=form.reason.data,
            consented_on=form.consented_on.data,
            patron=card_number(session, form.patron.data, current.spaces()) if form.patron.data else None,
            referred_on=form.referred_on.data,
            at=at,
            by=by,
        )

    if posted(form, do):
        flash(_("Referred. Ask in a few weeks what came of it."), "done")
        return redirect(url_for(".index"), 303)
    page = render_template(
        "outcomes/form.html",
        form=form,
        heading=_("Refer somebody at %(library)s", library=place.name),
        submit=_("Refer"),
        back_url=url_for(".index"),
    )
    return page, status(form)


@bp.route("/referrals/<public_id>", methods=["GET", "POST"])
@allow(Act.TALLY)
def show(public_id: str) -> ResponseReturnValue:
    """One referral, and what came of it."""
    found, form = _found(public_id), OutcomeForm()
    if not form.is_submitted():
        form.on.data = found.outcome_on or current.today()
        form.outcome.data = found.outcome and found.outcome.value
        form.source.data = found.source and found.source.value

    def do(session: Any, at: Any, by: Any) -> None:
        record_outcome(
            session,
            referral=public_id,
            outcome=ReferralOutcome(form.outcome.data),
            source=OutcomeSource(form.source.data),
            on=form.on.data,
            at=at,
            by=by,
        )

    if posted(form, do):
        flash(_("Noted."), "done")
        return redirect(url_for(".index"), 303)
    return _page(found, form), status(form)


@bp.post("/referrals/<public_id>/consent")
@allow(Act.TALLY)
def consent(public_id: str) -> ResponseReturnValue:
    """Somebody took their consent back."""
    found = _found(public_id)
    not_done = pressed(lambda session, at, by: withdraw_consent(session, referral=public_id, at=at, by=by))
    if not_done is not None:
        return _page(found, OutcomeForm(None), not_done), not_done.status
    flash(_("The consent is taken back. Nothing says any more who it was."), "done")
    return redirect(url_for(".show", public_id=public_id), 303)


def _month(session: Session) -> Sequence[ServiceCounted]:
    """What this month came to, for whoever may see counts."""
    if not current.may_anywhere(Act.SEE_COUNTS):
        return ()
    return queries.referrals(session, current.branch_ids(), month_of(current.today())).services


def _page(found: ReferralShown, form: OutcomeForm, not_done: NotDone = NotDone()) -> str:
    return render_template(
        "outcomes/referral.html",
        referral=_shown(found),
        form=form,
        problems=not_done.sentences,
        key=new_public_id(),
    )


def _found(public_id: str) -> ReferralShown:
    with current.library().db.read() as session:
        return queries.referral(session, public_id, current.branch_ids())


def _shown(one: ReferralShown) -> dict[str, Any]:
    reader = current.reader()
    days = (current.today() - one.referred_on).days
    return {
        "url": url_for("referrals.show", public_id=one.referral),
        "public_id": one.referral,
        "on": reader.day_and_year(one.referred_on),
        "days": max(days, 0),
        "sent_to": word_of(one.sent_to, _services()),
        "reason": word_of(one.reason, _topics()),
        "branch": one.branch_name,
        "consented_on": reader.day_and_year(one.consented_on),
        "withdrawn": one.consent_withdrawn,
        "patron": one.patron_name,
        "patron_url": url_for("patrons.show", public_id=one.patron) if one.patron else None,
        "outcome": None if one.outcome is None else OUTCOMES[one.outcome],
        "source": None if one.source is None else SOURCES[one.source],
        "outcome_on": None if one.outcome_on is None else reader.day_and_year(one.outcome_on),
    }


def _services() -> dict[str, str]:
    return words_of(current.library().own_settings().referral_services)


def _topics() -> dict[str, str]:
    return words_of(current.library().own_settings().inquiry_topics)
