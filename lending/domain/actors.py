"""Who acts: a staff member, a patron or the system, through one door, as one act."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum, unique

from lending.domain.permissions import GRANTS, OWN, Act, Role, Scope, may, may_override
from lending.errors import Reason, Refused


@unique
class Door(StrEnum):
    """The door an act came in by; kept with every act because some doors report the past."""

    WEB = "web"
    API = "api"
    SIP2 = "sip2"
    CLI = "cli"
    JOBS = "jobs"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does one act.

    ``act`` is the unguessable id of this act: the idempotency key and every journal row of the act carry it.
    ``branch_ids`` are the branches the actor may act for, ``program_ids`` the programmes; none means none. An
    administrator and the system act for the whole library by their role, never by an empty set.
    """

    role: Role
    door: Door
    act: str
    staff_id: int | None = None
    patron_id: int | None = None
    branch_ids: frozenset[int] = field(default_factory=frozenset)
    program_ids: frozenset[int] = field(default_factory=frozenset)
    station_id: int | None = None

    @property
    def everywhere(self) -> bool:
        """Whether the role itself reaches every branch."""
        return self.role in (Role.ADMIN, Role.SYSTEM)

    def may(self, act: Act, branch_id: int | None = None) -> bool:
        """Whether the actor may do ``act``, at ``branch_id`` where the act belongs to a branch."""
        if not may(self.role, act):
            return False
        if self.everywhere:
            return True
        if branch_id is None:
            # Acts of the whole system go without a branch, and a lead's for a programme; the rest want for one.
            scope = GRANTS[act][1]
            return scope is Scope.WHOLE_SYSTEM or (scope is Scope.OWN_PROGRAMS and bool(self.program_ids))
        return branch_id in self.branch_ids

    def permit_newcomer(self) -> None:
        """Refuse (``NOT_PERMITTED``) unless this is somebody who is not signed in, and so nobody's record is theirs."""
        if self.role is not Role.PATRON or self.patron_id is not None:
            raise Refused.because(Reason.NOT_PERMITTED)

    def permit(self, act: Act, branch_id: int | None = None) -> None:
        """Refuse (``NOT_PERMITTED``) unless the actor may do ``act`` at ``branch_id``."""
        if not self.may(act, branch_id):
            raise Refused.because(Reason.NOT_PERMITTED, act=act.value)

    def permit_for_patron(self, act: Act, patron_id: int | None, branch_id: int | None = None) -> None:
        """Refuse (``NOT_PERMITTED``) unless the actor may do ``act`` for this patron: patrons for themselves alone,
        what is in ``OWN``; everybody else as ``permit`` says.
        """
        if self.role is not Role.PATRON:
            self.permit(act, branch_id)
        elif act not in OWN or self.patron_id is None or patron_id != self.patron_id:
            raise Refused.because(Reason.NOT_PERMITTED, act=act.value)

    def permit_for_program(
        self, act: Act, program_id: int, branch_id: int | None = None, *, patron_id: int | None = None
    ) -> None:
        """Refuse (``NOT_PERMITTED``) unless the actor may do ``act``: a programme lead for their own programmes, others
        for their branches, patrons for themselves (``patron_id``) alone. What belongs to no branch, others too may do
        for their own programmes alone.
        """
        if self.role is Role.PATRON:
            self.permit_for_patron(act, patron_id)
            return
        if self.role is not Role.PROGRAM and branch_id is not None:
            self.permit(act, branch_id)
            return
        self.permit(act)
        if not self.everywhere and program_id not in self.program_ids:
            raise Refused.because(Reason.NOT_PERMITTED, act=act.value)

    def may_override(self, reason: Reason) -> bool:
        """Whether the actor's role may override ``reason``."""
        return may_override(self.role, reason)
