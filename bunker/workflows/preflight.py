"""`invoke preflight`: what has to be settled before hosts can be deployed whole, all at once.

The plan of a deploy, made by the same worker. What is missing on this side (secrets, code) is a
problem of the list like those of the host, and the host is looked at all the same: with stand-ins
that never leave this process and its worker.
"""

import secrets as randomness
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bunker.application.layout import prefix_of
from bunker.applications.of_host import applications_of, rooms_of, secrets_of
from bunker.applications.secret_specs import specs_of, specs_of_room
from bunker.errors import BunkerError
from bunker.events import Event
from bunker.fleet import Fleet, load_fleet
from bunker.fleet.models import Host
from bunker.masking import Secret
from bunker.plan.changes import Change, FleetPlan, HostPlan
from bunker.role import named
from bunker.secrets import decrypt_hosts
from bunker.secrets.catalog import generate
from bunker.terminal.lines import count
from bunker.worker.client import WorkerClient
from bunker.workflows.domains import Resolve, addresses, domain_notes, look_up
from bunker.workflows.planning import prepare
from bunker.workflows.request import DeployRequest, Target, find_commits, worker_request
from deploys.stack.decision import FOLDER


@dataclass
class Finding:
    """What one host's plan holds for someone who has not deployed to it yet."""

    host: str

    problems: list[BunkerError] = field(default_factory=list)
    removals: tuple[Change, ...] = ()
    """What goes away, or is given to another owner."""
    restarts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    commands: int = 0
    reached: bool = True

    @property
    def ready(self) -> bool:
        """Whether a deploy would go through as far as can be seen beforehand."""
        return not self.problems

    @property
    def verdict(self) -> str:
        """One line."""
        if not self.reached:
            return "not reached"
        things = count(len(self.problems), "thing")
        return "ready to deploy" if self.ready else f"{things} to settle first"

    def to_json(self) -> dict[str, Any]:
        """Plain data for programs."""
        return {
            "host": self.host,
            "ready": self.ready,
            "verdict": self.verdict,
            "problems": [problem.to_json() for problem in self.problems],
            "removals": [change.to_json() for change in self.removals],
            "restarts": list(self.restarts),
            "notes": list(self.notes),
            "commands": self.commands,
        }


def look_before(
    request: DeployRequest, tell: Callable[[Event], None], resolve: Resolve = addresses
) -> list[Finding]:
    """Plan the whole of every selected host without changing anything, and say what was found.

    ``resolve`` answers where its domains lead, which is asked meanwhile.
    """
    fleet = load_fleet(request.root, request.fleet_name, require_secrets=False, partial=True)
    hosts = fleet.select(hosts=request.hosts, groups=request.groups, tags=request.tags)
    found = {host.name: Finding(host.name) for host in hosts}
    domains = look_up(hosts, resolve)
    targets, guessed = _targets(fleet, hosts, found)
    key = randomness.token_bytes(32)
    message = worker_request(request, fleet, targets, "preflight", mac_key=key)
    with WorkerClient(message, cwd=request.root) as worker:
        planned = prepare(request.fleet_name, worker, targets, tell)
    for host in hosts:
        _take(found[host.name], planned, guessed=host if host.name in guessed else None)
        found[host.name].notes += domain_notes(host, domains)
    return list(found.values())


def _take(finding: Finding, planned: FleetPlan, *, guessed: Host | None) -> None:
    """Put what the worker said of a host into its finding; ``guessed``: it had stand-ins."""
    name = finding.host
    if name in planned.unreachable:
        finding.reached = False
        finding.problems.insert(0, BunkerError(planned.unreachable[name]))
        return
    told = {str(problem) for problem in finding.problems}
    problems = planned.problems.get(name, ())
    finding.problems += [problem for problem in problems if str(problem) not in told]
    finding.commands = planned.commands.get(name, 0)
    plan = planned.plans.get(name) or planned.unfinished.get(name)
    if plan:
        known = _known(plan, guessed) if guessed else plan
        finding.removals = tuple(change for change in plan.changes if _takes_away(change))
        finding.restarts, finding.notes = known.restarts, known.notes


def _takes_away(change: Change) -> bool:
    return change.symbol == "-" or change.subject == FOLDER


def _known(plan: HostPlan, host: Host) -> HostPlan:
    """The plan without what follows from stand-ins, which the applications' services do."""
    applications = {one.name for one in applications_of(host)}
    changes = tuple(change for change in plan.changes if change.role not in applications)
    return replace(plan, changes=changes)


def _targets(
    fleet: Fleet, hosts: Sequence[Host], found: Mapping[str, Finding]
) -> tuple[list[Target], set[str]]:
    """Every host with the secrets and the commit that there are, and those with stand-ins."""
    vaults, guessed = _vaults(fleet, hosts, found)
    opened = [host for host in hosts if host.name not in guessed]
    commits = find_commits(fleet.root, opened, vaults)
    targets = []
    for host in hosts:
        values = dict(vaults.get(host.name, {}))
        missing = _missing(host, values)
        if missing:
            guessed.add(host.name)
            if values:
                found[host.name].problems.append(_missing_problem(host, missing))
            values |= missing
        known = {}
        for one in applications_of(host):
            commit = commits.get(one.key, "")
            if isinstance(commit, BunkerError):
                found[host.name].problems.append(commit)
                commit = ""
            if not commit:
                guessed.add(host.name)
            known[one.name] = commit
        targets.append(Target(host, values, known))
    return targets, guessed


def _vaults(
    fleet: Fleet, hosts: Sequence[Host], found: Mapping[str, Finding]
) -> tuple[dict[str, dict[str, Secret]], set[str]]:
    """The secrets of every host; none where they cannot be had, which is a problem of its own."""
    names = fleet.with_secrets(hosts)
    try:
        return decrypt_hosts(fleet.folder, names), set()
    except BunkerError:
        vaults: dict[str, dict[str, Secret]] = {}
    for name in names:
        try:
            vaults |= decrypt_hosts(fleet.folder, [name])
        except BunkerError as error:
            vaults[name] = {}
            found[name].problems += error.each
    return vaults, {name for name, values in vaults.items() if not values}


def _missing(host: Host, vault: Mapping[str, Secret]) -> dict[str, Secret]:
    """The secrets without which what the roles place cannot be rendered, as stand-ins."""
    made: dict[str, Secret] = {}
    for role, view in rooms_of(host):
        if not role.check:
            continue
        secrets = secrets_of(view, vault)
        try:
            named(role.check)(view, secrets)
        except BunkerError as error:
            said = " ".join(problem.problem for problem in error.each)
            made |= {
                prefix_of(view.application.name) + spec.key: generate(spec)
                for spec in specs_of_room(role, view)
                if not secrets.get(spec.key) and f"the secret {spec.key} is missing" in said
            }
    return made


def _missing_problem(host: Host, missing: Collection[str]) -> BunkerError:
    generated = {spec.key for spec in specs_of(host) if spec.generated} & {*missing}
    others = [key for key in missing if key not in generated]
    commands = [f"invoke secrets.generate {host.name}"] if generated else []
    commands += [f"invoke secrets.set --host {host.name} --key {key}" for key in others]
    return BunkerError(
        f"{count(len(missing), 'secret is', 'secrets are')} missing: {', '.join(missing)}",
        where=f"{host.name}.sops.yml",
        remedy=f"Run {' and '.join(f'`{command}`' for command in commands)}",
    )
