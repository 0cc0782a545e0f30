"""How far a host's clock is from that of this machine. Pure."""

from typing import Final

from bunker.duration import format_duration

MOST_SECONDS: Final = 60
"""So far two clocks may be apart; TLS, package lists and one-time passwords forgive as much."""


def clock_note(clock: float | None, asked: float, answered: float) -> str:
    """What to say of a host's clock, read at some moment between the two; "" where it is right.

    However long the answer took, a right clock is never called wrong.
    """
    if clock is None or asked - MOST_SECONDS <= clock <= answered + MOST_SECONDS:
        return ""
    apart, how = (asked - clock, "behind") if clock < asked else (clock - answered, "ahead of")
    return (
        f"the clock of the host is {format_duration(apart)} {how} that of this machine: with a"
        " wrong one, certificates and package lists are refused; see both with date -u, and the"
        " host's service with timedatectl"
    )
