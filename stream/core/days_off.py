"""Days on which a team does not work: public holidays of its country, and days that it names itself."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import holidays
from pydantic import model_validator

from stream.core.value import Value


class DaysOff(Value):
    """Public holidays by ISO country (and subdivision, such as BR and SP), days listed by the team, and exceptions to both.

    `listed` maps a day to its name; a team's iCal files are read into it. On a day in `worked` the team works all the same.
    """

    country: str | None = None
    subdivision: str | None = None
    listed: dict[date, str] = {}
    worked: frozenset[date] = frozenset()

    @model_validator(mode="after")
    def _is_supported(self) -> DaysOff:
        if self.country:
            public_holidays(self.country, self.subdivision, 2026)
        elif self.subdivision:
            raise ValueError("a subdivision needs its country")
        return self

    def name_of(self, day: date) -> str | None:
        """Return why the team does not work on this day, or None when it does."""
        if day in self.worked:
            return None
        listed = self.listed.get(day)
        if listed is not None or not self.country:
            return listed
        return public_holidays(self.country, self.subdivision, day.year).get(day)


@lru_cache(maxsize=1024)
def public_holidays(country: str, subdivision: str | None, year: int) -> dict[date, str]:
    """Return the public holidays of a year by the library `holidays`, or raise ValueError with a sentence."""
    try:
        return dict(holidays.country_holidays(country, subdiv=subdivision, years=year, expand=False))
    except NotImplementedError as error:
        raise ValueError(f"no public holidays are known for {country}{f'-{subdivision}' if subdivision else ''}") from error
