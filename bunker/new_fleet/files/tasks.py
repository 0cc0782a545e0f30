"""The front door: `invoke --list` shows the tasks, `invoke --help TASK` explains one."""

from bunker.tasks import namespace
