"""What the organisation states of the logs in a folder: which there are, and their time zone."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator

from muniment.sources.spec import Options


class Life(BaseModel):
    """What the organisation states of one log: its first and last day, where it has them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    began: date | None = None
    ended: date | None = None


class LogOptions(Options):
    """logs: logs that must be there, by path without what rotation adds ("bastion-1/auth.log").

    Before the day on which one `began`, and after the one on which it `ended`, no line is asked of
    it. quiet_h: the longest silence of a log that is taken for quiet (project default: a day).
    """

    logs: dict[str, Life] = Field(default={})
    quiet_h: int = Field(default=24, ge=1)


class ZonedLogOptions(LogOptions):
    """timezone: of times that name none that is known ("Europe/Riga"); without, they stay undated.

    For PostgreSQL its log_timezone, where that is not UTC.
    """

    timezone: str | None = None

    @property
    def zone(self) -> ZoneInfo | None:
        """The same, to reckon with."""
        return ZoneInfo(self.timezone) if self.timezone else None

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, name: str | None) -> str | None:
        if name is not None and name not in available_timezones():
            raise ValueError(f"no time zone is called '{name}'; expected such as 'Europe/Riga'")
        return name
