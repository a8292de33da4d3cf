"""Who acts, and where: no branch is never every branch."""

from __future__ import annotations

import pytest

from lending.domain.actors import Actor, Door
from lending.domain.permissions import GRANTS, OWN, Act, Role, Scope, may
from lending.errors import Reason, Refused

EAST_LA, COMPTON = 1, 2
BRANCH_ROLES = (Role.DESK, Role.COUNSELLOR, Role.PROGRAM, Role.MANAGER)
EVERYWHERE = (Role.ADMIN, Role.SYSTEM)
of_a_place = pytest.mark.parametrize("act", [act for act in Act if GRANTS[act][1] is not Scope.WHOLE_SYSTEM])


def actor(role: Role, *branch_ids: int, programs: frozenset[int] = frozenset()) -> Actor:
    return Actor(role, Door.WEB, "an act", staff_id=1, branch_ids=frozenset(branch_ids), program_ids=programs)


@of_a_place
@pytest.mark.parametrize("role", BRANCH_ROLES)
def test_an_account_without_a_branch_may_do_nothing_anywhere(role: Role, act: Act) -> None:
    nobody = actor(role)
    for branch_id in (EAST_LA, COMPTON, 0, None):
        assert not nobody.may(act, branch_id)


@of_a_place
@pytest.mark.parametrize("role", BRANCH_ROLES)
def test_an_act_is_done_at_ones_own_branch_alone(role: Role, act: Act) -> None:
    someone = actor(role, EAST_LA)
    assert someone.may(act, EAST_LA) is may(role, act)
    assert not someone.may(act, COMPTON)
    assert not someone.may(act), "an act that names no branch is done at every branch"


@pytest.mark.parametrize("role", EVERYWHERE)
@pytest.mark.parametrize("act", Act)
def test_an_administrator_and_the_system_act_everywhere_by_their_role(role: Role, act: Act) -> None:
    for branch_id in (EAST_LA, COMPTON, None):
        assert actor(role).may(act, branch_id) is may(role, act)


@pytest.mark.parametrize("act", [act for act in Act if GRANTS[act][1] is Scope.WHOLE_SYSTEM])
def test_an_act_of_the_whole_library_needs_no_branch_but_the_role(act: Act) -> None:
    for role in Role:
        assert actor(role, EAST_LA).may(act) is may(role, act)


@pytest.mark.parametrize("act", [Act.ENROL, Act.PLAN_COHORT, Act.RECORD_ATTENDANCE])
def test_a_lead_acts_for_programmes_without_naming_a_branch_but_only_with_one(act: Act) -> None:
    assert actor(Role.PROGRAM, programs=frozenset({7})).may(act)
    assert not actor(Role.PROGRAM, EAST_LA).may(act)


def test_what_is_not_permitted_is_refused_by_name() -> None:
    with pytest.raises(Refused) as refused:
        actor(Role.DESK, EAST_LA).permit(Act.CIRCULATE, COMPTON)
    (block,) = refused.value.blocks
    assert (block.reason, block.detail, block.overridable) == (Reason.NOT_PERMITTED, {"act": "circulate"}, False)


def test_what_is_permitted_passes() -> None:
    actor(Role.DESK, EAST_LA).permit(Act.CIRCULATE, EAST_LA)


def test_a_patron_may_do_nothing_by_role() -> None:
    ada = Actor(Role.PATRON, Door.WEB, "an act", patron_id=5, branch_ids=frozenset({EAST_LA}))
    assert not any(ada.may(act, EAST_LA) or ada.may(act) for act in Act)


def patron(patron_id: int | None) -> Actor:
    return Actor(Role.PATRON, Door.WEB, "an act", patron_id=patron_id)


@pytest.mark.parametrize("act", Act)
def test_patrons_do_what_is_their_own_for_themselves_and_nothing_else(act: Act) -> None:
    ada = patron(7)
    assert not ada.may(act, EAST_LA)
    for whose in (8, None):
        with pytest.raises(Refused):
            ada.permit_for_patron(act, whose, EAST_LA)
        with pytest.raises(Refused):
            ada.permit_for_program(act, 1, EAST_LA, patron_id=whose)
    if act in OWN:
        ada.permit_for_patron(act, 7, EAST_LA)
        ada.permit_for_program(act, 1, EAST_LA, patron_id=7)
    else:
        with pytest.raises(Refused):
            ada.permit_for_patron(act, 7, EAST_LA)


def test_a_patron_who_is_nobody_is_not_nobodys_patron() -> None:
    with pytest.raises(Refused):
        patron(None).permit_for_patron(Act.RESERVE, None)


@pytest.mark.parametrize("role", BRANCH_ROLES)
def test_for_a_patron_staff_act_where_they_act_at_all(role: Role) -> None:
    someone = actor(role, EAST_LA)
    for act in OWN:
        if may(role, act):
            someone.permit_for_patron(act, 7, EAST_LA)
        with pytest.raises(Refused):
            someone.permit_for_patron(act, 7, COMPTON)
