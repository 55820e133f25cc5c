"""Says a moment the way a patient would: their own clock, their own words, the zone's name beside it."""

from datetime import datetime
from zoneinfo import ZoneInfo

WEEKDAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
}
MONTHS = {
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "es": [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
}
HALVES = {"en": ("AM", "PM"), "es": ("a. m.", "p. m.")}
ZONES = {
    "America/New_York": ("Eastern Time", "hora del Este"),
    "America/Detroit": ("Eastern Time", "hora del Este"),
    "America/Chicago": ("Central Time", "hora del Centro"),
    "America/Denver": ("Mountain Time", "hora de la Montaña"),
    "America/Phoenix": ("Arizona Time", "hora de Arizona"),
    "America/Los_Angeles": ("Pacific Time", "hora del Pacífico"),
    "America/Anchorage": ("Alaska Time", "hora de Alaska"),
    "Pacific/Honolulu": ("Hawaii Time", "hora de Hawái"),
}


def spoken_day(at: datetime, zone: str, language: str) -> str:
    """``Tuesday, December 1`` or ``martes, 1 de diciembre``."""
    local = at.astimezone(ZoneInfo(zone))
    weekday, month = WEEKDAYS[language][local.weekday()], MONTHS[language][local.month - 1]
    return f"{weekday}, {local.day} de {month}" if language == "es" else f"{weekday}, {month} {local.day}"


def spoken_hour(at: datetime, zone: str, language: str) -> str:
    """``2:30 PM`` or ``2:30 p. m.``."""
    local = at.astimezone(ZoneInfo(zone))
    half = HALVES[language][local.hour >= 12]
    return f"{local.hour % 12 or 12}:{local.minute:02d} {half}"


def spoken_zone(zone: str, language: str) -> str:
    """``Pacific Time``; a zone without a common name is called after its city."""
    if zone in ZONES:
        return ZONES[zone][1 if language == "es" else 0]
    city = zone.rpartition("/")[2].replace("_", " ")
    return f"hora de {city}" if language == "es" else f"{city} time"


def spoken_time(at: datetime, zone: str, language: str) -> str:
    """Day, hour and zone in one breath."""
    hour = f"{spoken_hour(at, zone, language)} ({spoken_zone(zone, language)})"
    one_o_clock = at.astimezone(ZoneInfo(zone)).hour % 12 == 1
    joined = ("a la" if one_o_clock else "a las") if language == "es" else "at"
    return f"{spoken_day(at, zone, language)} {joined} {hour}"
