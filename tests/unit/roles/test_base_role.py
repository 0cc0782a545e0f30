"""What the base role renders, for every distribution."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bunker.distributions import DEBIAN_12, DEBIAN_13, SUPPORTED
from bunker.errors import Problems
from bunker.fleet.models import Host
from deploys.base.components import base_components, base_packages
from deploys.base.firewall import egress, ssh_ports
from deploys.base.kernel import SYSCTL
from deploys.base.logins import Login, Logins
from deploys.base.sshd_files import INCLUDE, MAIN

LOGINS = Logins(Login("deploy", "/home/deploy", home_owner="deploy"), files={MAIN: (INCLUDE,)})

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f someone"
ECDSA = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY= someone"
RSA_1024 = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQD" + "A" * 170 + "A== someone"


def a_host(**values):
    return Host.model_validate(
        {
            "name": "north",
            "address": "203.0.113.7",
            "domain": "north.example.org",
            "groups": ["changemaker"],
            **values,
        }
    )


def files(host, known=DEBIAN_13, **more):
    return {
        file.path: file.content.decode()
        for component in base_components(host, known, LOGINS, **more)
        for file in component.bundle.files
    }


def component(name, host, known=DEBIAN_13):
    return next(item for item in base_components(host, known, LOGINS) if item.name == name)


each = pytest.mark.parametrize("known", SUPPORTED, ids=lambda known: known.name)


@each
def test_every_component_renders_with_valid_shell(known):
    components = base_components(a_host(base={"authorized_keys": [ED25519]}), known, LOGINS)
    names = [item.name for item in components]
    assert len(set(names)) == len(names)
    for item in components:
        for snippet in (item.validate, item.activate, item.check, item.revert_activate):
            if snippet:
                assert "@" not in [line[:1] for line in snippet.splitlines()]
                parsed = subprocess.run(
                    ["sh", "-n", "-c", snippet], capture_output=True, check=False
                )
                assert parsed.returncode == 0, (item.name, parsed.stderr)
        paths = [file.path for file in item.bundle.files]
        assert all(not file.content or file.content.endswith(b"\n") for file in item.bundle.files)
        assert paths or item.check


@each
def test_sshd_is_as_the_hardening_says(known):
    lines = files(a_host(), known)["/etc/ssh/sshd_config.d/00-bunker.conf"].splitlines()
    for line in (
        "Port 22",
        "PermitRootLogin no",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "MaxAuthTries 4",
        "LoginGraceTime 30",
        "MaxStartups 10:30:60",
        "AllowTcpForwarding no",
        "AllowAgentForwarding no",
        "X11Forwarding no",
    ):
        assert line in lines
    assert not [line for line in lines if "ecdsa" in line]
    assert not [line for line in lines if line.startswith("ListenAddress")]


def test_root_keeps_its_door_where_the_host_is_managed_as_root():
    text = files(a_host(user="root"))["/etc/ssh/sshd_config.d/00-bunker.conf"]
    assert "PermitRootLogin prohibit-password" in text


def test_what_could_lock_out_waits_for_a_fresh_login():
    components = base_components(a_host(base={"authorized_keys": [ED25519]}), DEBIAN_13, LOGINS)
    confirmed = {item.name for item in components if item.confirm_login}
    assert confirmed == {"sudo", "authorized-keys", "firewall", "sshd"}


def test_the_firewall_opens_a_new_ssh_port_before_sshd_moves_there():
    host = a_host(base={"ssh_listen_port": 2222})
    assert ssh_ports(host) == (22, 2222)
    order = [item.name for item in base_components(host, DEBIAN_13, LOGINS)]
    assert order.index("firewall") < order.index("sshd") < order.index("fail2ban")
    placed = files(host)
    assert "--dport 2222 -j ACCEPT" in placed["/etc/ufw/user.rules"]
    assert "--dport 22 -j ACCEPT" in placed["/etc/ufw/user.rules"]
    assert "port = 22,2222" in placed["/etc/fail2ban/jail.d/zz-bunker.local"]


RULE = st.fixed_dictionaries(
    {
        "port": st.integers(1, 65535),
        "protocol": st.sampled_from(["tcp", "udp"]),
        "source": st.sampled_from(["any", "198.51.100.0/24", "203.0.113.9", "2001:db8::/32"]),
        "published": st.booleans(),
        "note": st.text(st.characters(exclude_categories=("C", "Z")), max_size=20).map(
            lambda text: text.lstrip("-")
        ),
    }
)


@given(rules=st.lists(RULE, max_size=8), port=st.integers(1, 65535))
def test_exactly_what_is_declared_is_open(rules, port):
    placed = files(a_host(port=port, base={"firewall": rules}))
    for suffix, version in (("", 4), ("6", 6)):
        user = placed[f"/etc/ufw/user{suffix}.rules"]
        after = placed[f"/etc/ufw/after{suffix}.rules"]
        accepted = {
            line for line in user.splitlines() if line.startswith(f"-A ufw{suffix}-user-input ")
        }
        returned = {
            line
            for line in after.splitlines()
            if line.startswith("-A bunker-to-containers ") and line.endswith("RETURN")
        }
        wanted_host, wanted_published = set(), set()
        declared = [
            {"port": port, "protocol": "tcp", "source": "any", "published": False},
            {"port": 80, "protocol": "tcp", "source": "any", "published": True},
            {"port": 443, "protocol": "tcp", "source": "any", "published": True},
            *rules,
        ]
        for rule in declared:
            if rule["source"] != "any" and (":" in rule["source"]) != (version == 6):
                continue
            source = "" if rule["source"] == "any" else f" -s {rule['source']}"
            wanted_host.add(
                f"-A ufw{suffix}-user-input -p {rule['protocol']} --dport {rule['port']}"
                f"{source} -j ACCEPT"
            )
            if rule["published"]:
                wanted_published.add(
                    f"-A bunker-to-containers -p {rule['protocol']}{source} -m conntrack "
                    f"--ctstate DNAT --ctorigdstport {rule['port']} -j RETURN"
                )
        assert accepted == wanted_host
        assert returned == wanted_published
        assert after.rstrip().endswith("-A bunker-to-containers -j DROP\nCOMMIT")


def test_the_ports_of_a_project_are_open_as_its_entry_says():
    entry = {"kind": "compose", "folder": "wiki", "ports": [8090]}
    placed = files(a_host(applications={"wiki": entry}))
    assert "--ctorigdstport 8090 -j RETURN" in placed["/etc/ufw/after.rules"]
    entry |= {"ports": []}
    placed = files(a_host(applications={"wiki": entry}))
    assert "8090" not in placed["/etc/ufw/after.rules"] + placed["/etc/ufw/user.rules"]


def test_ufw_does_not_undo_kernel_settings_and_stays_on():
    placed = files(a_host())
    assert "\nIPT_SYSCTL=\n" in placed["/etc/default/ufw"]
    assert "ENABLED=yes\n" in placed["/etc/ufw/ufw.conf"]
    assert 'DEFAULT_INPUT_POLICY="DROP"' in placed["/etc/default/ufw"]
    assert 'DEFAULT_OUTPUT_POLICY="ACCEPT"' in placed["/etc/default/ufw"]


def test_egress_follows_the_environment_and_the_tunnel():
    plain = {(protocol, port) for protocol, port, _meaning in egress(a_host())}
    assert {("udp", 53), ("tcp", 53), ("udp", 123), ("tcp", 443), ("tcp", 587)} <= plain
    assert ("udp", 51820) not in plain
    special = egress(
        a_host(
            features={"tunnel": True},
            environment={"SMTP_PORT": "2525", "PANGOLIN_ENDPOINT": "https://p.example.org:8443"},
        )
    )
    added = {(protocol, port) for protocol, port, _meaning in special} - plain
    assert added == {("udp", 51820), ("udp", 21820), ("tcp", 2525), ("tcp", 8443)}


def test_forwarding_and_loose_reverse_path_stay():
    values = dict(SYSCTL)
    assert values["net.ipv4.ip_forward"] == 1
    assert values["net.ipv4.conf.all.rp_filter"] == 2
    assert not [key for key in values if "accept_ra" in key or key.endswith("disable_ipv6")]
    modules = files(a_host())["/etc/modprobe.d/bunker.conf"]
    assert "install dccp /bin/false" in modules
    assert "vfat /bin" not in modules
    assert "squashfs /bin" not in modules


def test_without_keys_the_file_on_the_host_is_left_alone():
    assert "authorized-keys" not in [
        item.name for item in base_components(a_host(), DEBIAN_12, LOGINS)
    ]


def test_keys_that_sshd_would_refuse_are_listed_at_once():
    host = a_host(base={"authorized_keys": [ED25519, ECDSA, RSA_1024]})
    with pytest.raises(Problems) as caught:
        base_components(host, DEBIAN_12, LOGINS)
    assert len(caught.value.problems) == 2
    assert "authorized_keys[1]" in str(caught.value)
    assert "authorized_keys[2]" in str(caught.value)


def test_the_jail_of_the_application_needs_its_log():
    path = "/etc/fail2ban/jail.d/zz-bunker.local"
    assert "[changemaker]" not in files(a_host())[path]
    assert "logpath = /var/log/x.log" in files(a_host(), application_log="/var/log/x.log")[path]
    assert "backend = systemd" in files(a_host())[path]
    action = files(a_host())["/etc/fail2ban/action.d/bunker.conf"]
    assert "hook prerouting priority -150" in action


@each
def test_updates_replace_the_lists_of_the_package(known):
    text = files(a_host(), known)["/etc/apt/apt.conf.d/52bunker-unattended-upgrades"]
    assert "#clear Unattended-Upgrade::Origins-Pattern;" in text
    assert all(f'"{origin}";' in text for origin in known.update_origins)
    assert 'Automatic-Reboot "false"' in text


@each
def test_packages_are_sorted_and_include_extras(known):
    packages = base_packages(a_host(base={"extra_packages": ["htop"]}), known, {})
    assert list(packages) == sorted(set(packages))
    assert {"htop", "ufw", "nftables", "python3-systemd", "fail2ban"} <= set(packages)
