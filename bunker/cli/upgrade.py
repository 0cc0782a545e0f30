"""configure, upgrade, canary, rollout, rollback and os-upgrade: changes that go as durable runs."""

from __future__ import annotations

from dataclasses import replace

from bunker.cli.command import operator_command
from bunker.cli.options import Options
from bunker.cli.run_options import (
    begin_run,
    common,
    help_for,
    number_of,
    rollout_settings,
    run_request,
    seconds_of,
)
from bunker.errors import BunkerError, ExitCode


@operator_command(help=help_for())
def configure(
    options: Options,
    *,
    dry: bool = False,
    verbose: bool = False,
    wait: str = "",
    detach: bool = False,
    approve: str = "",
) -> ExitCode:
    """Apply environment and feature flags alone; no new code.

    Only the services that read a changed value are recreated: one flipped flag restarts the API
    and nothing else. The plan says which. A change that does not pass its gates is rolled back.

    Examples:
      invoke configure --host north-1 --dry
      invoke configure --group changemaker --yes

    Exit codes: 0 done or nothing to do, 3 some hosts failed, 4 rolled back, 5 held by another run,
    130 interrupted.
    """
    request = run_request(options, "configure", dry=dry, verbose=verbose, tags=("env",))
    return begin_run(options, request, "configure", common(wait, detach, approve))


@operator_command(help=help_for("ref"))
def upgrade(
    options: Options,
    *,
    ref: str = "",
    dry: bool = False,
    verbose: bool = False,
    wait: str = "",
    detach: bool = False,
    approve: str = "",
) -> ExitCode:
    """Bring instances to a version, all at the same time.

    Fetches, pulls and builds everything first, takes a snapshot of the database, migrates, replaces
    the API without a failed request where the stack allows it, and asks the gates: containers
    healthy, /api/health, the version really live, the error log quiet. What fails is rolled back
    where the database allows it; else the choice is spelled out. If this machine or the
    connection dies, the host goes back by itself.

    For many hosts use `invoke rollout`.

    Examples:
      invoke upgrade --host north-1 --ref v2.1.0
      invoke upgrade --group canary --dry

    Exit codes: 0 done or nothing to do, 3 some hosts failed, 4 rolled back, 5 held by another run,
    130 interrupted (prints how to resume).
    """
    request = run_request(
        options, "upgrade", dry=dry, verbose=verbose, ref=ref, tags=("changemaker",)
    )
    return begin_run(options, request, "upgrade", common(wait, detach, approve))


@operator_command(help=help_for("ref", "soak", "no-judgement"))
def canary(
    options: Options,
    *,
    ref: str = "",
    soak: str = "",
    no_judgement: bool = False,
    dry: bool = False,
    verbose: bool = False,
    wait: str = "",
    detach: bool = False,
    approve: str = "",
) -> ExitCode:
    """Upgrade only the canary group, watch it, and judge it.

    Without a choice of hosts it takes the canary group of the fleet's settings. After the soak the
    error ratio and the 95th percentile of latency are compared with the canary's own past. Too few
    requests to tell is no pass: the run pauses and asks.

    Examples:
      invoke canary --ref v2.1.0
      invoke canary --ref v2.1.0 --soak 2h --detach

    Exit codes: 0 passed, 3 failed, 4 rolled back, 5 held by another run, 7 inconclusive,
    130 interrupted.
    """
    rollout = rollout_settings(options)
    if not (options.hosts or options.groups or options.tags):
        options = replace(options, groups=(rollout.canary_group,))
    seconds = seconds_of(soak, "--soak", rollout.soak)
    words = f"--soak {seconds}s" + " --no-judgement" * no_judgement
    request = run_request(
        options, f"canary {words}", dry=dry, verbose=verbose, ref=ref, tags=("changemaker",)
    )
    how = {"only_canary": True, "soak_seconds": seconds, "judged": not no_judgement}
    return begin_run(options, request, "canary", {**common(wait, detach, approve), **how})


@operator_command(help=help_for("ref", "soak", "batch", "max-fail", "no-judgement"))
def rollout(
    options: Options,
    *,
    ref: str = "",
    soak: str = "",
    batch: str = "",
    max_fail: str = "",
    no_judgement: bool = False,
    dry: bool = False,
    verbose: bool = False,
    wait: str = "",
    detach: bool = False,
    approve: str = "",
) -> ExitCode:
    """Bring many instances to a version, batch after batch.

    The canary group goes first, is watched for the soak and judged by its metrics against its own
    past and against the hosts that still wait. Then batches follow; between two batches every host
    that was changed is asked whether it is still well. The first batch that fails stops the rest.
    Hosts that are there already are left alone. The run survives this process: resume it with
    `invoke run.resume`.

    Examples:
      invoke rollout --group changemaker --ref v2.1.0
      invoke rollout --group changemaker --ref v2.1.0 --batch 2 --max-fail 1 --soak 1h --detach

    Exit codes: 0 done or nothing to do, 3 stopped or some hosts failed, 4 halted and rolled back,
    5 held by another run, 7 inconclusive (waits for an answer), 130 interrupted.
    """
    settings = rollout_settings(options)
    seconds = seconds_of(soak, "--soak", settings.soak)
    most = number_of(max_fail, "--max-fail", settings.max_fail)
    size = batch or str(settings.batch)
    words = f"--soak {seconds}s --batch {size} --max-fail {most}" + " --no-judgement" * no_judgement
    request = run_request(
        options, f"rollout {words}", dry=dry, verbose=verbose, ref=ref, tags=("changemaker",)
    )
    canaries = options.load_fleet().groups.get(settings.canary_group, ())
    how = {
        "batch": size,
        "canary": tuple(canaries),
        "soak_seconds": seconds,
        "judged": not no_judgement,
        "max_fail": most,
    }
    return begin_run(options, request, "rollout", {**common(wait, detach, approve), **how})


@operator_command(help=help_for("to", "restore"))
def rollback(
    options: Options,
    *,
    to: str = "",
    restore: bool = False,
    dry: bool = False,
    verbose: bool = False,
    wait: str = "",
    detach: bool = False,
    approve: str = "",
) -> ExitCode:
    """Go back to an earlier generation of an instance.

    Shows the generations that passed their gates, with their age, and asks which one. Says first
    whether code alone suffices; where a migration since then is not safe for the older code, it
    stops and spells out the choice: --restore brings back the database of that time as well, and
    what was written since is lost (the present database is kept beside it under another name).

    The host's file still says what it said: pin `application.ref` there, or the next deploy goes
    forward again.

    Examples:
      invoke rollback --host north-1
      invoke rollback --host north-1 --to 7
      invoke rollback --host north-1 --to 7 --restore

    Exit codes: 0 done, 3 failed, or refused with the choice spelled out, 5 held by another run,
    130 interrupted.
    """
    from bunker.runs.picker import pick_generation  # noqa: PLC0415
    from bunker.runs.roles import role_data, role_of  # noqa: PLC0415

    fleet, hosts = options.select()
    number = to or pick_generation(fleet, hosts, yes=options.yes or dry)
    words = f"rollback --to {number}" + " --restore" * restore
    request = run_request(options, words, dry=dry, verbose=verbose)
    data = role_data("rollback", to_generation=number, restore=restore)
    request = replace(request, role=role_of("rollback"), data=data)
    how = {"to_generation": number, "restore": restore}
    return begin_run(options, request, "rollback", {**common(wait, detach, approve), **how})


@operator_command(name="os-upgrade", help=help_for("reboot", "batch", "max-fail"))
def os_upgrade(
    options: Options,
    *,
    reboot: str = "if-required",
    batch: str = "",
    max_fail: str = "",
    dry: bool = False,
    verbose: bool = False,
    wait: str = "",
    detach: bool = False,
    approve: str = "",
) -> ExitCode:
    """Upgrade packages and the engine, one host at a time.

    Each host goes into maintenance, is upgraded, rebooted if that is required, waited for until it
    has booted anew and its gates pass; only then the next one begins.

    Examples:
      invoke os-upgrade --group changemaker
      invoke os-upgrade --host north-1 --reboot never

    Exit codes: 0 done or nothing to do, 3 some hosts failed, 5 held by another run,
    130 interrupted.
    """
    from bunker.runs.roles import role_data, role_of  # noqa: PLC0415

    choices = ("if-required", "never", "always")
    if reboot not in choices:
        raise BunkerError(f"{reboot!r} is no choice", where="--reboot", expected=", ".join(choices))
    settings = rollout_settings(options)
    most = number_of(max_fail, "--max-fail", settings.max_fail)
    size = batch or str(settings.batch)
    words = f"os-upgrade --reboot {reboot} --batch {size} --max-fail {most}"
    request = run_request(options, words, dry=dry, verbose=verbose)
    data = role_data("os-upgrade", reboot=reboot)
    request = replace(request, role=role_of("os-upgrade"), data=data)
    how = {"one_at_a_time": True, "reboot": reboot, "batch": size, "max_fail": most}
    return begin_run(options, request, "os-upgrade", {**common(wait, detach, approve), **how})
