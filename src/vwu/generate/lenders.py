"""The banks of a nation and what they lend: weights and amounts are invented, rates and ceilings the catalogue's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from vwu.intake.model import Kind
from vwu.language import phrase

if TYPE_CHECKING:
    from vwu.catalogue import Catalogue

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Offer:
    """A credit programme in one rate variant: `weight` of a hundred loans, usual amounts in million đồng."""

    credit_programme: str
    variant: str
    weight: int
    millions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Lender:
    """A bank. `share` is its number of loans in per cent of the request's; `kinds` are the feeds that it sends.

    `organisations` are (code, weight of a hundred groups); TT is direct lending, which passes by no group.
    """

    bank_code: str
    share: int
    kinds: tuple[Kind, ...]
    organisations: tuple[tuple[str, int], ...]
    offers: tuple[Offer, ...]


LENDERS = (
    Lender(
        "VBSP",
        100,
        (Kind.LOAN, Kind.GROUP),
        (("PN", 84), ("ND", 8), ("CCB", 4), ("DTN", 3), ("TT", 1)),
        (
            Offer("HN", "standard", 22, (20, 30, 40, 50, 60, 80, 100)),
            Offer("HCN", "standard", 20, (30, 40, 50, 60, 80, 100)),
            Offer("HMTN", "standard", 12, (30, 50, 70, 100)),
            Offer("GQVL", "standard", 16, (40, 50, 60, 80, 100)),
            Offer("GQVL", "ethnic_or_disabled", 3, (40, 50, 80)),
            Offer("NSVSMT", "standard", 10, (6, 8, 10)),
            Offer("SXKDVKK", "standard", 8, (30, 50, 80, 100)),
            Offer("HSSV", "standard", 4, (10, 20, 30, 40)),
            Offer("XKLD", "standard", 2, (60, 80, 100)),
            Offer("NHA", "poor_household", 2, (25, 40)),
            Offer("CHAPHANHXONG", "standard", 1, (50, 100)),
        ),
    ),
    Lender("AGRIBANK", 12, (Kind.SUMMARY,), (("PN", 100),), (Offer("ND55_HO", "", 100, (50, 100, 150, 200)),)),
    Lender("TYM", 10, (Kind.SUMMARY,), (("PN", 100),), (Offer("TYM", "", 100, (5, 10, 15, 20, 30)),)),
)


def rate_texts(offers: Sequence[Offer], catalogue: Catalogue, on: date) -> list[str]:
    """The yearly rate of each offer on a day, as a feed writes it; 8.5 where no rate table is known."""
    return [_rate_text(offer, catalogue, on) for offer in offers]


def _rate_text(offer: Offer, catalogue: Catalogue, on: date) -> str:
    for rate in catalogue.rates_at(offer.credit_programme, on):
        if rate.variant == offer.variant:
            return str(rate.annual_rate_pct)
    return "8.5"


def amounts(offer: Offer, catalogue: Catalogue, days: Sequence[date]) -> list[int]:
    """The amounts of an offer in đồng that no ceiling of these days forbids.

    Raises ValueError when none is left: then the catalogue and the invented amounts no longer fit each other.
    """
    ceilings = [catalogue.ceiling_at(offer.credit_programme, day) for day in days]
    most = min((int(each) for each in ceilings if each is not None), default=None)
    left = [each * MILLION for each in offer.millions if most is None or each * MILLION <= most]
    if not left:
        raise ValueError(
            phrase(
                f"mọi số tiền giả lập của {offer.credit_programme} đều vượt hạn mức {most} đồng",
                f"every invented amount of {offer.credit_programme} is above its ceiling of {most} đồng",
            )
        )
    return left
