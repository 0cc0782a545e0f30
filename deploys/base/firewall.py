"""UFW, and the DOCKER-USER rules that stop published ports from going around it."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bunker.applications.of_host import rooms_of
from bunker.bundle import Bundle, BundleFile, Component
from bunker.fleet.models import FirewallRule, Host
from bunker.rendering import as_it_is, render, scripts
from bunker.role import named

SCRIPTS = Path(__file__).parent / "scripts"
UFW_INIT: Final = "/usr/lib/ufw/ufw-init"

EGRESS: Final = (
    ("udp", 53, "DNS"),
    ("tcp", 53, "DNS"),
    ("udp", 123, "NTP"),
    ("tcp", 80, "HTTP: package mirrors, certificate checks"),
    ("tcp", 443, "HTTPS: APIs, maps, metrics to central, the tunnel's control channel"),
    ("udp", 443, "HTTP/3"),
    ("tcp", 465, "SMTP submission over TLS"),
    ("tcp", 587, "SMTP submission"),
)
"""What containers may reach outside of the host: protocol, port, meaning. Pulling images is not
among it: the engine does that, and the host's own traffic is not limited."""

_NOISE: Final = (("udp", 137), ("udp", 138), ("tcp", 139), ("tcp", 445))


@dataclass(frozen=True)
class _Rule:
    """One rule of one address family; ``source`` is "" for any, comments make no difference."""

    protocol: str
    port: int
    source: str
    published: bool
    comment: str = field(compare=False)


def ssh_ports(host: Host) -> tuple[int, ...]:
    """Ports on which sshd listens: the inventory's, and while sshd is moved also the new one.

    A move takes two deploys: the first opens the new port beside the old one, and after the
    operator wrote the new one to ``port`` the second closes the old one. So there is always a
    port that both the inventory and the host know.
    """
    return tuple(dict.fromkeys((host.port, host.base.ssh_listen_port or host.port)))


def declared_rules(host: Host) -> tuple[FirewallRule, ...]:
    """Everything that may be reached from outside: SSH, its roles' ports, its file's rules."""
    ssh = [FirewallRule(port=port, note="SSH") for port in ssh_ports(host)]
    web = [
        FirewallRule(port=port, published=True, note="web")
        for role, view in rooms_of(host)
        if role.published_ports
        for port in named(role.published_ports)(view)
    ]
    return tuple(dict.fromkeys([*ssh, *web, *host.base.firewall]))


def egress(host: Host) -> tuple[tuple[str, int, str], ...]:
    """What containers of this host may reach outside: protocol, port, meaning; each once."""
    rows = [*EGRESS]
    for role, view in rooms_of(host):
        rows += named(role.egress)(view) if role.egress else ()
    unique: dict[tuple[str, int], str] = {}
    for protocol, port, meaning in rows:
        unique.setdefault((protocol, port), meaning)
    return tuple((protocol, port, meaning) for (protocol, port), meaning in unique.items())


def firewall_component(host: Host) -> Component:
    """Incoming traffic is denied but for what is declared, for the host and for containers."""
    files = [
        BundleFile("/etc/default/ufw", as_it_is("base/ufw-default")),
        BundleFile("/etc/ufw/ufw.conf", as_it_is("base/ufw.conf")),
    ]
    for version, suffix, everywhere in ((4, "", "0.0.0.0/0"), (6, "6", "::/0")):
        rules = list(dict.fromkeys(_of_family(declared_rules(host), version)))
        dhcp = (("udp", 67), ("udp", 68)) if version == 4 else (("udp", 546), ("udp", 547))
        user_rules = render(
            "base/ufw-user.rules",
            ufw=f"ufw{suffix}",
            everywhere=everywhere,
            rules=rules,
        )
        after_rules = render(
            "base/ufw-after.rules",
            ufw=f"ufw{suffix}",
            quiet=_NOISE + dhcp,
            egress=egress(host),
            published=[rule for rule in rules if rule.published],
        )
        files.append(BundleFile(f"/etc/ufw/user{suffix}.rules", user_rules, mode=0o640))
        files.append(BundleFile(f"/etc/ufw/after{suffix}.rules", after_rules, mode=0o640))
    ports = " ".join(map(str, ssh_ports(host)))
    return Component(
        bundle=Bundle("firewall", tuple(files)),
        confirm_login=True,
        **scripts(SCRIPTS, "firewall", UFW_INIT=UFW_INIT, SSH_PORTS=ports),
    )


def _of_family(rules: tuple[FirewallRule, ...], version: int) -> Iterator[_Rule]:
    """The rules that concern IPv4 or IPv6, in the form that the templates write."""
    for rule in rules:
        source = ""
        if rule.source != "any":
            network = ipaddress.ip_network(rule.source, strict=False)
            if network.version != version:
                continue
            # A single address is written without its prefix length, as ufw itself does.
            single = network.prefixlen == network.max_prefixlen
            source = str(network.network_address) if single else str(network)
        # UFW keeps comments in hexadecimal, so a note can hold anything.
        yield _Rule(rule.protocol, rule.port, source, rule.published, rule.note.encode().hex())
