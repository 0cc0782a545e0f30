"""The table of distributions."""

import pytest

from bunker.distributions import DEBIAN_12, DEBIAN_13, SUPPORTED, UBUNTU_24_04, distribution
from bunker.errors import BunkerError
from deploys.base.ssh import drop_in
from deploys.base.sshd_files import parsed
from tests.unit.roles.test_base_role import a_host


@pytest.mark.parametrize(
    ("identifier", "version", "expected"),
    [
        ("debian", "12", DEBIAN_12),
        ("debian", "13", DEBIAN_13),
        ("ubuntu", "24.04", UBUNTU_24_04),
    ],
)
@pytest.mark.promise("Servers run Debian 12, Debian 13")
def test_a_supported_release_is_found(identifier, version, expected):
    assert distribution({"ID": identifier, "VERSION_ID": version}) is expected


@pytest.mark.parametrize(
    "os_release",
    [
        {"ID": "debian", "VERSION_ID": "11", "PRETTY_NAME": "Debian GNU/Linux 11 (bullseye)"},
        {"ID": "ubuntu", "VERSION_ID": "22.04", "PRETTY_NAME": "Ubuntu 22.04.5 LTS"},
        {"ID": "fedora", "VERSION_ID": "13", "PRETTY_NAME": "Fedora 13"},
        {},
    ],
)
def test_another_system_is_named_with_what_is_supported(os_release):
    with pytest.raises(BunkerError) as caught:
        distribution(os_release)
    message = str(caught.value)
    assert os_release.get("PRETTY_NAME", "nothing") in message
    assert all(known.name in message for known in SUPPORTED)


@pytest.mark.parametrize("known", SUPPORTED, ids=lambda known: known.name)
def test_no_weak_ssh_algorithm(known):
    sshd = {one.keyword: one.value.split(",") for one in parsed(drop_in(a_host(), known))}
    every = [
        name
        for keyword in (
            *("kexalgorithms", "ciphers", "macs", "casignaturealgorithms", "hostkeyalgorithms"),
            *("pubkeyacceptedalgorithms", "hostbasedacceptedalgorithms"),
        )
        for name in sshd[keyword]
    ]
    weak = ("ecdsa", "ecdh", "sha1", "group14", "cbc", "ssh-rsa", "ssh-dss", "md5")
    assert not [name for name in every if any(word in name for word in weak)]
    assert all("-etm@" in mac for mac in sshd["macs"])


@pytest.mark.parametrize("known", SUPPORTED, ids=lambda known: known.name)
def test_clients_without_post_quantum_key_exchange_can_log_in(known):
    assert "curve25519-sha256@libssh.org" in known.key_exchange


@pytest.mark.parametrize("known", SUPPORTED, ids=lambda known: known.name)
def test_moduli_are_filtered_exactly_where_they_are_used(known):
    uses = "diffie-hellman-group-exchange-sha256" in known.key_exchange
    assert ("ModuliFile /etc/ssh/moduli.bunker" in drop_in(a_host(), known)) is uses


@pytest.mark.parametrize("known", SUPPORTED, ids=lambda known: known.name)
def test_only_security_updates_are_automatic(known):
    assert known.update_origins
    assert all("security" in origin for origin in known.update_origins)
