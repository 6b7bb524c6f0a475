"""Dates, times and durations of XML Schema as values: read, compared, added and written (XSD 1.1 part 2, §3.3.6–3.3.15, appendix E).

The calendar is Gregorian throughout. Years have at most 8 digits, the parts of a duration at most 10 (a literal beyond has no value);
fractions of a second are kept to the picosecond.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

DAY, HOUR, MINUTE = 86_400, 3_600, 60
_LATEST = 14 * HOUR
_YEAR = r"(?P<year>-?(?:[1-9]\d{3,7}|0\d{3}))"
_ZONE = r"(?P<zone>Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))?"
_DATE = _YEAR + r"-(?P<month>\d\d)-(?P<day>\d\d)"
_TIME = r"(?P<hour>\d\d):(?P<minute>[0-5]\d):(?P<second>[0-5]\d(?:\.\d+)?)"
_FORMS = {
    "dateTime": re.compile(_DATE + "T" + _TIME + _ZONE, re.ASCII),
    "date": re.compile(_DATE + _ZONE, re.ASCII),
    "time": re.compile(_TIME + _ZONE, re.ASCII),
    "gYear": re.compile(_YEAR + _ZONE, re.ASCII),
    "gYearMonth": re.compile(_YEAR + r"-(?P<month>\d\d)" + _ZONE, re.ASCII),
    "gMonth": re.compile(r"--(?P<month>\d\d)" + _ZONE, re.ASCII),
    "gMonthDay": re.compile(r"--(?P<month>\d\d)-(?P<day>\d\d)" + _ZONE, re.ASCII),
    "gDay": re.compile(r"---(?P<day>\d\d)" + _ZONE, re.ASCII),
}
_DURATION = re.compile(
    r"(-)?P(?=[\dT])(?:(\d{1,10})Y)?(?:(\d{1,10})M)?(?:(\d{1,10})D)?"
    r"(?:T(?=\d)(?:(\d{1,10})H)?(?:(\d{1,10})M)?(?:(\d{1,10}(?:\.\d+)?)S)?)?", re.ASCII)
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
TEMPORAL = frozenset(_FORMS)
DURATIONS = frozenset({"duration", "yearMonthDuration", "dayTimeDuration"})


class Stamp(NamedTuple):
    """A point of time, or a repeated one, of the kind that XSD's local name says.

    Attributes:
        kind: ``dateTime``, ``date``, ``time``, ``gYear`` …
        year, month, day: as written; where the kind has none, those of a leap year's first day (of 1972-12-31 for a time).
        seconds: since local midnight.
        zone: minutes east of UTC; None without zone.
    """

    kind: str
    year: int
    month: int
    day: int
    seconds: Decimal
    zone: int | None


class Duration(NamedTuple):
    """A length of time in months and in seconds (both of one sign), of the kind that XSD's local name says."""

    kind: str
    months: int
    seconds: Decimal


def read_stamp(kind: str, text: str) -> Stamp | None:
    """A date, time … from its lexical form; None if it is none."""
    match = _FORMS[kind].fullmatch(text)
    if match is None:
        return None
    parts = match.groupdict()
    year = int(parts.get("year") or 1972)
    month = int(parts.get("month") or (12 if kind == "time" else 1))
    day = int(parts.get("day") or (31 if kind == "time" else 1))
    if not (1 <= month <= 12 and 1 <= day <= month_days(year, month)):
        return None
    stamp = Stamp(kind, year, month, day, Decimal(0), _read_zone(parts["zone"]))
    return stamp if parts.get("hour") is None else _clocked(stamp, int(parts["hour"]), int(parts["minute"]), Decimal(_cut(parts["second"])))


def _clocked(stamp: Stamp, hour: int, minute: int, second: Decimal) -> Stamp | None:
    seconds = hour * HOUR + minute * MINUTE + second
    if hour < 24:
        return stamp._replace(seconds=seconds)
    if seconds != DAY:
        return None
    # 24:00:00 is the next day's midnight
    return stamp if stamp.kind == "time" else _moved(stamp, Decimal(DAY))


def _cut(seconds: str) -> str:
    whole, _, fraction = seconds.partition(".")
    return f"{whole}.{fraction[:12]}"


def _read_zone(text: str | None) -> int | None:
    if text is None:
        return None
    if text == "Z":
        return 0
    minutes = int(text[1:3]) * 60 + int(text[4:6])
    return -minutes if text[0] == "-" else minutes


def month_days(year: int, month: int) -> int:
    """Days in a month of the proleptic Gregorian calendar."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and leap else _MONTH_DAYS[month - 1]


def days_of(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01."""
    # years that begin in March put the leap day last
    march = year - (month <= 2)
    return 365 * march + march // 4 - march // 100 + march // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day - 719_469


def date_of(days: int) -> tuple[int, int, int]:
    """Year, month and day of a number of days since 1970-01-01."""
    era, of_era = divmod(days + 719_468, 146_097)
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    march = (5 * of_year + 2) // 153
    month = march + 3 if march < 10 else march - 9
    return year + era * 400 + (month <= 2), month, of_year - (153 * march + 2) // 5 + 1


def local_seconds(stamp: Stamp) -> Decimal:
    """Seconds since 1970-01-01T00:00:00 on the stamp's own clock."""
    return days_of(stamp.year, stamp.month, stamp.day) * DAY + stamp.seconds


def compare_stamps(left: Stamp, right: Stamp) -> int | None:
    """-1, 0 or 1; None if they are of different kinds, or if it depends on the zone that one of them lacks (XSD 1.1 §3.2.7.4)."""
    if left.kind != right.kind:
        return None
    if (left.zone is None) == (right.zone is None):
        return _sign(_instant(left) - _instant(right))
    if left.zone is None:
        turned = compare_stamps(right, left)
        return None if turned is None else -turned
    difference = _instant(left) - local_seconds(right)
    return None if abs(difference) <= _LATEST else _sign(difference)


def _instant(stamp: Stamp) -> Decimal:
    return local_seconds(stamp) - (stamp.zone or 0) * MINUTE


def _sign(number: Decimal | int) -> int:
    return (number > 0) - (number < 0)


def difference(left: Stamp, right: Stamp) -> Duration | None:
    """``left - right`` as a dayTimeDuration (XPath F&O 3.1 §9.7); None for other kinds, and if only one of them has a zone."""
    if left.kind != right.kind or left.kind not in ("dateTime", "date", "time") or (left.zone is None) != (right.zone is None):
        return None
    return Duration("dayTimeDuration", 0, _instant(left) - _instant(right))


def shifted(stamp: Stamp, duration: Duration, sign: int = 1) -> Stamp | None:
    """A dateTime, date or time moved by a duration (XSD 1.1 appendix E.3.3): first months, the day cut to the month's, then seconds."""
    if stamp.kind == "time" and not duration.months:
        seconds = stamp.seconds + sign * duration.seconds
        return stamp._replace(seconds=seconds - _whole_days(seconds) * DAY)
    if stamp.kind not in ("dateTime", "date"):
        return None
    years, month = divmod(stamp.year * 12 + stamp.month - 1 + sign * duration.months, 12)
    day = min(stamp.day, month_days(years, month + 1))
    moved = _moved(stamp._replace(year=years, month=month + 1, day=day), sign * duration.seconds)
    return moved if stamp.kind == "dateTime" else moved._replace(seconds=Decimal(0))


def _moved(stamp: Stamp, seconds: Decimal) -> Stamp:
    total = local_seconds(stamp) + seconds
    days = _whole_days(total)
    year, month, day = date_of(days)
    return stamp._replace(year=year, month=month, day=day, seconds=total - days * DAY)


def _whole_days(seconds: Decimal) -> int:
    days = int(seconds // DAY)
    # // cuts towards zero for Decimal
    return days - (seconds < days * DAY)


def write_stamp(stamp: Stamp) -> str:
    """Canonical lexical form, the zone kept as it was."""
    year = f"-{-stamp.year:04d}" if stamp.year < 0 else f"{stamp.year:04d}"
    month, day = f"{stamp.month:02d}", f"{stamp.day:02d}"
    text = {
        "dateTime": f"{year}-{month}-{day}T{_clock(stamp.seconds)}", "date": f"{year}-{month}-{day}", "time": _clock(stamp.seconds),
        "gYear": year, "gYearMonth": f"{year}-{month}", "gMonth": f"--{month}", "gMonthDay": f"--{month}-{day}", "gDay": f"---{day}",
    }[stamp.kind]
    return text + write_zone(stamp.zone)


def _clock(seconds: Decimal) -> str:
    whole = int(seconds)
    hours, rest = divmod(whole, HOUR)
    fraction = seconds - whole
    return f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}" + (f"{fraction:f}"[1:].rstrip("0") if fraction else "")


def write_zone(zone: int | None) -> str:
    """``Z``, ``+05:30``, or nothing."""
    if not zone:
        return "" if zone is None else "Z"
    return f"{'-' if zone < 0 else '+'}{abs(zone) // 60:02d}:{abs(zone) % 60:02d}"


def read_duration(kind: str, text: str) -> Duration | None:
    """A duration from its lexical form; None if it is none, or has parts that its kind has not."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    sign, years, months, days, hours, minutes, seconds = match.groups()
    if kind == "yearMonthDuration" and ("D" in text or "T" in text):
        return None
    if kind == "dayTimeDuration" and (years or months):
        return None
    total = int(years or 0) * 12 + int(months or 0)
    exact = int(days or 0) * DAY + int(hours or 0) * HOUR + int(minutes or 0) * MINUTE + Decimal(_cut(seconds or "0"))
    return Duration(kind, -total, -exact) if sign else Duration(kind, total, exact)


def compare_durations(left: Duration, right: Duration) -> int | None:
    """-1, 0 or 1; None where months against days leave it open (XSD 1.1 §3.2.6.2: added to four dates, they must agree)."""
    if (left.months, left.seconds) == (right.months, right.seconds):
        return 0
    signs = {_sign(_from(start, left) - _from(start, right)) for start in ((1696, 9), (1697, 2), (1903, 3), (1903, 7))}
    return signs.pop() if len(signs) == 1 else None


def _from(start: tuple[int, int], duration: Duration) -> Decimal:
    stamp = shifted(Stamp("dateTime", *start, 1, Decimal(0), None), duration)
    assert stamp is not None
    return local_seconds(stamp)


def added(left: Duration, right: Duration, sign: int = 1) -> Duration | None:
    """Sum (or difference) of two durations; None if months and seconds would differ in sign."""
    months, seconds = left.months + sign * right.months, left.seconds + sign * right.seconds
    kind = left.kind if left.kind == right.kind else "duration"
    return None if months * _sign(seconds) < 0 else Duration(kind, months, seconds)


def write_duration(duration: Duration) -> str:
    """Canonical lexical form (XSD 1.1 appendix E.2)."""
    sign = "-" if duration.months < 0 or duration.seconds < 0 else ""
    years, months = divmod(abs(duration.months), 12)
    text = "".join(f"{count}{unit}" for count, unit in ((years, "Y"), (months, "M")) if count)
    text += _days(abs(duration.seconds))
    return f"{sign}P{text}" if text else ("P0M" if duration.kind == "yearMonthDuration" else "PT0S")


def _days(seconds: Decimal) -> str:
    whole = int(seconds)
    days, rest = divmod(whole, DAY)
    hours, rest = divmod(rest, HOUR)
    last = rest % 60 + (seconds - whole)
    parts = [f"{count}{unit}" for count, unit in ((hours, "H"), (rest // 60, "M")) if count]
    if last:
        parts.append((f"{last:f}".rstrip("0").rstrip(".") if last != int(last) else str(int(last))) + "S")
    return (f"{days}D" if days else "") + ("T" + "".join(parts) if parts else "")
