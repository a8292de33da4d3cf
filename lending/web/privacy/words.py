"""Requests for records and the ledger in words: kinds, what was asked, what was shown, what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lending.domain.ledger import Stand
from lending.models.privacy import Authority, LedgerEnd, LedgerKind, RequestAbout, RequestDecision, RequestFrom
from lending.phrases import N_

FROM: Final[Mapping[RequestFrom, str]] = {
    RequestFrom.POLICE: N_("police or another agency"),
    RequestFrom.COURT: N_("a court or a lawyer"),
    RequestFrom.PRESS: N_("the press"),
    RequestFrom.PATRON: N_("a patron, about themselves"),
    RequestFrom.FAMILY: N_("family or friends"),
    RequestFrom.OTHER: N_("somebody else"),
}
ABOUT: Final[Mapping[RequestAbout, str]] = {
    RequestAbout.WHO_HAD_A_KIT: N_("who had a kit"),
    RequestAbout.WHAT_SOMEBODY_BORROWED: N_("what somebody borrowed"),
    RequestAbout.WHO_ATTENDED: N_("who was at a workshop or in a session"),
    RequestAbout.CONTACT: N_("an address or another contact"),
    RequestAbout.STATISTICS: N_("numbers, without names"),
    RequestAbout.OTHER: N_("something else"),
}
AUTHORITY: Final[Mapping[Authority, str]] = {
    Authority.NONE: N_("nothing"),
    Authority.SUBPOENA: N_("a subpoena or a letter"),
    Authority.COURT_ORDER: N_("an order of the superior court"),
    Authority.PATRONS_WRITING: N_("the patron's own written word"),
    Authority.OWN_RECORD: N_("that they are the patron"),
}
DECISIONS: Final[Mapping[RequestDecision, str]] = {
    RequestDecision.REFUSED: N_("refused"),
    RequestDecision.STATISTICS_GIVEN: N_("numbers given, no names"),
    RequestDecision.DISCLOSED: N_("disclosed"),
    RequestDecision.WITHDRAWN: N_("taken back"),
}
STANDS: Final[Mapping[Stand, str]] = {
    Stand.WAITING: N_("waiting"),
    Stand.OPEN: N_("open"),
    Stand.OVER: N_("over"),
    Stand.CLOSED: N_("taken back"),
}
ENDS: Final[Mapping[LedgerEnd, str]] = {
    LedgerEnd.MISSING: N_("missing"),
    LedgerEnd.LOST: N_("lost"),
    LedgerEnd.DAMAGED: N_("damaged"),
}
KINDS: Final[Mapping[LedgerKind, str]] = {LedgerKind.DEVICE: N_("device"), LedgerKind.SERVICE: N_("service")}
