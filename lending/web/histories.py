"""What the journal says about a kit, in words people use. A verb without words of its own is told by its plain name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _

from lending.phrases import N_, STEPS, Reader
from lending.queries.kits import Happened
from lending.web import current

VERBS: Mapping[str, str] = {
    "add_kit": N_("Added"),
    "change_kit": N_("Changed"),
    "check_out": N_("Checked out"),
    "undo_check_out": N_("Check-out undone"),
    "return": N_("Returned, to inspection"),
    "undo_return": N_("Return undone"),
    "inspect": N_("Inspected"),
    "undo_inspect": N_("Inspection undone"),
    "record_step": N_("Made ready, one step"),
    "free": N_("Free again"),
    "renew": N_("Renewed"),
    "set_due_date": N_("Due date set by hand"),
    "put_back": N_("Taken off the hold shelf"),
    "move_due_date": N_("Due date moved"),
    "shorten": N_("Due earlier: the patron left the session"),
    "transfer_loan": N_("Due with another session"),
    "capture": N_("Put on the hold shelf"),
    "undo_capture": N_("Taken off the hold shelf again"),
    "promise": N_("Promised to the next in line"),
    "unpromise": N_("No longer promised"),
    "cancel_reservation": N_("Reservation canceled"),
    "expire_reservation": N_("Not collected in time"),
    "take_claim_back": N_("Claim taken back"),
    "move_shelf_date": N_("Waits on the shelf until another day"),
    "send_kit": N_("Sent to another library"),
    "arrive_kit": N_("Arrived"),
    "withdraw_kit": N_("Withdrawn"),
    "reinstate_kit": N_("Back into service"),
    "declare_missing": N_("Listed as missing"),
    "find_kit": N_("Found again"),
    "in_library": N_("Used in the library"),
    "event_use": N_("Taken to an event"),
    "end_use": N_("Back from its use, to inspection"),
    "undo_in_library": N_("Use undone"),
    "undo_event_use": N_("Use undone"),
    "undo_end_use": N_("In use again"),
    "see_kit": N_("Seen in a stocktake"),
    "note_call": N_("Telephoned about it"),
    "finish_task": N_("Task closed"),
    "declare_lost": N_("Listed as lost"),
    "assume_lost": N_("Counted as lost, and billed"),
    "claim_returned": N_("Claimed returned"),
    "add_part": N_("Part added"),
    "replace_part": N_("Part replaced"),
    "move_tag": N_("Label moved to another part"),
    "bring_back_part": N_("Missing part brought back"),
    "report_missing_part": N_("Part reported missing"),
    "report_problem": N_("Patron told of a problem"),
    "settle_incomplete": N_("Missing part billed"),
    "attach_line": N_("Line put in"),
    "detach_line": N_("Line taken out"),
    "add_line": N_("Line put in"),
    "ask_to_suspend": N_("Carrier asked to suspend the line"),
    "confirm_suspended": N_("Line suspended"),
    "ask_to_restore": N_("Carrier asked to restore the line"),
    "confirm_restored": N_("Line restored"),
    "end": N_("Line ended"),
    "reactivate": N_("Line works again"),
    "exchange": N_("Given for a faulty kit"),
    "exchange_in": N_("Faulty, exchanged for another, to inspection"),
    "undo_exchange": N_("Exchange undone"),
    "undo_exchange_in": N_("Exchange undone, out again"),
    "swap_part": N_("Another part given"),
    "finish_repair": N_("Repaired"),
    "pay_charge": N_("Charge paid"),
    "waive_charge": N_("Charge waived"),
    "cancel_charge": N_("Charge canceled"),
    "owe_refund_charge": N_("Charge to be handed back"),
    "refund_charge": N_("Charge handed back"),
}


def happened(event: Happened, reader: Reader) -> dict[str, Any]:
    """One line of a kit's history."""
    known = VERBS.get(event.verb)
    what = _(known) if known else event.verb.replace("_", " ").capitalize()
    if event.verb == "return" and event.detail.get("book_drop"):
        what = _("Found in the book drop, to inspection")
    step = str(event.detail.get("step", ""))
    if event.verb == "record_step" and step in STEPS:
        what = _("Made ready: %(step)s", step=_(STEPS[step]))
    due_on = event.detail.get("due_on")
    if due_on:
        what = _("%(what)s, due %(day)s", what=what, day=reader.day(date.fromisoformat(due_on)))
    same_year = event.at.year == current.now().year
    return {
        "when": reader.moment(event.at) if same_year else reader.day_and_year(event.at),
        "what": what,
        "who": event.patron_name,
        "by": event.staff_name,
    }
