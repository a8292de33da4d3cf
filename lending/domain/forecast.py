"""What a cohort will be short of on its first pick-up day, and the transfers between branches that would help.

Counted per branch and kit type, because a kit is promised at one branch. A kit is suggested for a transfer only where
nobody asks for it. Source: RULES 4, "Shortage forecast"; the issue "Kits follow cohorts", 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, slots=True)
class BranchNeed:
    """One branch's kits of one type against what a cohort asks of it.

    ``expected`` are free on the first pick-up day, after what everybody else was set aside or promised; below 0 when
    that is more than there is. ``lowest`` is the same on the worst day of the cohort. ``promised`` are promises of the
    cohort that nobody has picked up, ``waiting`` its people without one.
    """

    branch: str
    kit_type: str
    expected: int
    lowest: int
    promised: int = 0
    waiting: int = 0

    @property
    def gap(self) -> int:
        """How many kits are missing for those who were promised one or wait."""
        return max(self.promised + self.waiting - max(self.expected, 0), 0)

    @property
    def surplus(self) -> int:
        """How many kits nobody asks for on any day of the cohort, so that they may go elsewhere."""
        return max(min(self.expected, self.lowest) - self.promised - self.waiting, 0)


@dataclass(frozen=True, slots=True)
class Transfer:
    """So many kits of a type from one branch to another; branches by their codes."""

    from_branch: str
    to_branch: str
    kit_type: str
    kits: int


def suggested(needs: Iterable[BranchNeed]) -> list[Transfer]:
    """The transfers that close gaps as far as surpluses go: the largest gap first, each from the largest surplus.

    Of equals the branch whose code comes first, so that the same needs always give the same transfers.
    """

    def by_type(need: BranchNeed) -> str:
        return need.kit_type

    transfers: list[Transfer] = []
    for kit_type, found in groupby(sorted(needs, key=by_type), key=by_type):
        transfers += _of_one_type(kit_type, list(found))
    return transfers


def _of_one_type(kit_type: str, needs: Sequence[BranchNeed]) -> list[Transfer]:
    surplus = {need.branch: need.surplus for need in needs if need.surplus}
    short = sorted((need for need in needs if need.gap), key=lambda need: (-need.gap, need.branch))
    transfers = []
    for need in short:
        missing = need.gap
        while missing and surplus:
            giver = min(surplus, key=lambda branch: (-surplus[branch], branch))
            kits = min(missing, surplus[giver])
            transfers.append(Transfer(giver, need.branch, kit_type, kits))
            missing -= kits
            surplus[giver] -= kits
            if not surplus[giver]:
                del surplus[giver]
    return transfers
