"""What staff write down about outcomes: inquiries, referrals, hiring events, and kits in use without a loan."""

from __future__ import annotations
