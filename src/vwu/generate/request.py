"""What is asked of the generator: how large a nation, from which month on, by which seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from vwu.language import phrase

EARLIEST_MONTH = date(2021, 1, 1)
"""Before this month too few of the catalogue's programmes ran to make a nation of."""

MOST_PROVINCES = 34
MOST_LOANS = 30_000_000
COMPRESSIONS = ("gz", "zst")
FORMS = ("workbook", "csv")


@dataclass(frozen=True, slots=True)
class Request:
    """The whole input of a nation: equal requests give equal bytes.

    `loans` is the number of lines of each month's loan feed. `first_month` is the first day of a month. `faults` is the
    share of lines (feeds) and of files (submissions) that each fault class is planted at, 0 for none. `compression` is
    that of the feeds' data files. `provincial_form` is how provinces report; lower levels always send the long CSV.
    """

    provinces: int = 3
    months: int = 3
    loans: int = 5_000
    seed: int = 1
    first_month: date = date(2025, 5, 1)
    faults: float = 0.0
    with_lower_level: bool = False
    with_undetermined: bool = False
    compression: str | None = None
    provincial_form: str = "workbook"

    def __post_init__(self) -> None:
        """Raise ValueError with what is allowed."""
        if not 1 <= self.provinces <= MOST_PROVINCES:
            raise ValueError(
                phrase(
                    f"--provinces từ 1 đến {MOST_PROVINCES}, là số tỉnh, thành phố hiện nay",
                    f"--provinces is between 1 and {MOST_PROVINCES}, the provinces of today",
                )
            )
        if self.months < 1 or self.loans < 1:
            raise ValueError(phrase("--months và --loans ít nhất là 1", "--months and --loans are at least 1"))
        if self.first_month < EARLIEST_MONTH:
            raise ValueError(
                phrase(f"--from từ {EARLIEST_MONTH:%Y-%m} trở đi", f"--from is {EARLIEST_MONTH:%Y-%m} or later")
            )
        if self.loans > MOST_LOANS:
            raise ValueError(
                phrase(
                    f"--loans nhiều nhất {MOST_LOANS:,}: hơn nữa thì số định danh bị trùng",
                    f"--loans is at most {MOST_LOANS:,}: beyond, citizen ids would repeat",
                )
            )
        if not 0 <= self.seed < 2**63:
            raise ValueError(
                phrase(
                    "--seed là số nguyên không âm, nhỏ hơn 2 mũ 63",
                    "--seed is a whole number of zero or more, below 2 to the 63rd",
                )
            )
        if not 0 <= self.faults <= MOST_FAULTS:
            raise ValueError(
                phrase(f"--faults là tỷ lệ từ 0 đến {MOST_FAULTS}", f"--faults is a share between 0 and {MOST_FAULTS}")
            )

    @property
    def month_ends(self) -> tuple[date, ...]:
        """The last day of each month."""
        return tuple(last_day(month_after(self.first_month, number)) for number in range(self.months))


MOST_FAULTS = 0.1
"""Of lines no more faults are planted than there are groups of borrowers: none may mask another."""


def month_after(month: date, number: int) -> date:
    """The first day of the month that comes `number` months after (or, negative, before) a month."""
    index = month.year * 12 + month.month - 1 + number
    return date(index // 12, index % 12 + 1, 1)


def last_day(month: date) -> date:
    """The last day of a month."""
    return date.fromordinal(month_after(month, 1).toordinal() - 1)
