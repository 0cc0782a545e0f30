"""How long ago something was, as people say it."""

from datetime import datetime

from bunker.duration import describe_duration

NOW_SECONDS = 5


def relative_time(then: datetime, now: datetime) -> str:
    """``just now``, ``20 seconds ago``, ``3 days ago``, ``in 5 minutes``; both with a time zone."""
    seconds = (now - then).total_seconds()
    if abs(seconds) < NOW_SECONDS:
        return "just now"
    words = describe_duration(abs(seconds))
    return f"{words} ago" if seconds > 0 else f"in {words}"
