"""A run as JSON Lines on stdout, for programs."""

from collections.abc import Mapping
from typing import IO, Any

from bunker.events import Event
from bunker.outcomes import Outcomes
from bunker.outlook import Outlook
from bunker.plan.changes import FleetPlan
from bunker.terminal.output import print_json_line
from bunker.terminal.plan_text import total_line
from bunker.terminal.recap_text import Repeat, cause_of, counts, next_commands
from bunker.terminal.reporter import Reporter


class JsonReporter(Reporter):
    """Every event as one line, then ``plan`` and ``recap``. Questions go to stderr."""

    def __init__(
        self, *, yes: bool = False, repeat: Repeat | None = None, stream: IO[str] | None = None
    ) -> None:
        super().__init__(yes=yes, repeat=repeat)
        self.stream = stream

    def event(self, event: Event) -> None:
        self._line(event.to_json())

    def _line(self, data: Mapping[str, Any]) -> None:
        print_json_line(data, self.stream)

    def show_plan(
        self, found: FleetPlan, next_command: str | None = None, outlook: Outlook | None = None
    ) -> None:
        """One ``plan`` object; the hosts' own plans came with their ``planned`` events."""
        self._line(
            {
                "event": "plan",
                "summary": total_line(found).text,
                "change": [plan.host for plan in found.to_change],
                "restarts": {plan.host: plan.restarts for plan in found.to_change if plan.restarts},
                "unchanged": found.unchanged,
                "failed": found.failed,
                "unreachable": found.unreachable,
                "next_command": next_command if found.to_change else None,
                "outlook": outlook.to_json() if outlook else None,
            }
        )

    def recap(self, outcomes: Outcomes, *, reason: str = "") -> None:
        """One ``recap`` object with the number of hosts by outcome and every host's own."""
        hosts = {
            host: {
                **found.to_json(),
                "cause": cause_of(found),
                "next_commands": next_commands(host, found, self.repeat),
            }
            for host, found in outcomes.items()
        }
        self._line({"event": "recap", "counts": counts(outcomes), "hosts": hosts, "reason": reason})
