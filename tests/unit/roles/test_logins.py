"""Who can log in to a host: what closes, what stays, and accounts that cannot be managed."""

from dataclasses import replace

import pytest

from bunker.application.table import SECRET_SPECS, HostIds
from bunker.bundle import Bundle, BundleFile
from bunker.distributions import UBUNTU_24_04
from bunker.errors import BunkerError, Problems
from bunker.fleet.models import Host
from bunker.masking import Secret
from bunker.ops.facts import FileState
from bunker.ops.logins import read_logins
from deploys.base.logins import (
    Login,
    Logins,
    Person,
    closing,
    home_problem,
    login_of,
    remaining,
)
from deploys.base.ssh import (
    closed_ports,
    keys_component,
    keys_file,
    socket_ports,
    sshd_component,
)
from deploys.base.sshd_files import DROP_IN, INCLUDE, MAIN
from deploys.changemaker.bundles import changemaker_bundle
from deploys.stack.source import source_component
from tests.unit.roles.test_base_role import ED25519

LOGIN = Login("deploy", "/srv/people/deploy", group="staff", home_owner="deploy")
OPEN = {
    "permitrootlogin": "prohibit-password",
    "pubkeyauthentication": "yes",
    "passwordauthentication": "yes",
}
FOUND = {
    "login": [
        "passwd deploy:x:1001:50:D, E:/srv/people/deploy:/bin/bash",
        "group staff",
        "expires 20010",
        "today 20000",
        "home deploy 775",
    ],
    "sshd": [
        "600 /etc/ssh/sshd_config",
        "|Include /etc/ssh/sshd_config.d/*.conf",
        "|",
        "link /etc/x",
    ],
    "listening": ["socket", "port 22", "port 2200", "other 2022 /usr/sbin/sshd -f /etc/other"],
    "people": [
        "person root 0",
        "is permitrootlogin no",
        "person ubuntu 1000",
        "password",
        "sudo",
        "is pubkeyauthentication yes",
        "keys 2 /home/ubuntu/.ssh/authorized_keys",
    ],
}


def a_host(**values) -> Host:
    return Host.model_validate(
        {
            "name": "north",
            "address": "203.0.113.7",
            "domain": "north.example.org",
            "groups": ["changemaker"],
            **values,
        }
    )


HOST = a_host(base={"authorized_keys": [ED25519]})


def test_the_hosts_answer_is_read() -> None:
    logins = read_logins(FOUND)
    assert logins.login == replace(
        LOGIN, uid=1001, gid=50, shell="/bin/bash", home_mode=0o775, expires=20010, today=20000
    )
    assert logins.files == {MAIN: (INCLUDE, ""), "/etc/x": ()}
    assert logins.modes == {MAIN: 0o600}
    assert logins.ports == (22, 2200)
    assert logins.others == ((2022, "/usr/sbin/sshd -f /etc/other"),)
    assert logins.socket
    root, ubuntu = logins.people
    assert not root.enters_by_key
    assert ubuntu.enters_by_key
    assert ubuntu.sudo


@pytest.mark.parametrize(
    "change",
    [
        {"login": ["passwd deploy:x:1001"]},
        {"listening": ["port x"]},
        {"people": ["keys 1 /x"]},
        {"sshd": ["|Port 1"]},
    ],
)
def test_an_answer_of_another_form_is_an_error(change: dict[str, list[str]]) -> None:
    with pytest.raises(BunkerError, match="about its logins cannot be read"):
        read_logins({**FOUND, **change})


@pytest.mark.parametrize(
    ("login", "words"),
    [
        (None, "has no user deploy"),
        (replace(LOGIN, shell="/usr/sbin/nologin"), "it allows no login"),
        (replace(LOGIN, expires=100, today=101), "has expired"),
        (replace(LOGIN, home="/srv/my files"), "the home of deploy is"),
        (replace(LOGIN, home=""), "the home of deploy is"),
    ],
)
def test_an_account_that_cannot_be_managed_is_refused(login: Login | None, words: str) -> None:
    with pytest.raises(BunkerError, match=words):
        login_of(HOST, Logins(login))


@pytest.mark.parametrize(
    ("login", "words"),
    [
        (replace(LOGIN, home_mode=0o775), "others may write to the home of deploy (mode 775)"),
        (replace(LOGIN, home_owner="nobody"), "belongs to nobody"),
        (replace(LOGIN, home_owner=""), "does not exist"),
    ],
)
def test_a_home_in_which_sshd_refuses_keys_is_refused_first(login: Login, words: str) -> None:
    assert words in str(home_problem(HOST, login))
    with pytest.raises(Problems):
        keys_component(HOST, login)


def test_files_of_the_login_lie_in_its_home_and_have_its_group() -> None:
    keys = keys_component(HOST, LOGIN)
    assert keys is not None
    source = source_component(HOST, {}, LOGIN.home)
    paths = [file.path for file in (*keys.bundle.files, *source.bundle.files)]
    assert all(path.startswith("/srv/people/deploy/.ssh/") for path in paths)
    [file] = keys.bundle.files
    assert FileState(file.sha256, 0o600, "deploy", "staff") != FileState(
        file.sha256, 0o600, "deploy"
    )
    root = replace(LOGIN, name="root", home="/root")
    assert keys_file(root) == "/root/.ssh/authorized_keys"


def test_containers_run_with_the_numbers_that_the_host_has() -> None:
    secrets = {spec.key: Secret("f" * spec.length) for spec in SECRET_SPECS}
    [environment, _] = changemaker_bundle(HOST, secrets, HostIds(1001, 50, 117)).files
    lines = environment.content.decode().splitlines()
    assert "USER_ID=1001" in lines
    assert "GROUP_ID=50" in lines
    assert "DOCKER_GROUP_ID=117" in lines


def person(name: str = "ubuntu", uid: int = 1000, **values) -> Person:
    return Person(name, uid, **{"sshd": OPEN, **values})


def test_ways_in_that_close_are_named() -> None:
    people = (
        person("root", 0, keys={"/root/.ssh/authorized_keys": 2}),
        person(
            "deploy", 1001, keys={keys_file(LOGIN): 1, f"{LOGIN.home}/.ssh/authorized_keys2": 1}
        ),
        person("customer", 1002, password=True),
        person("ubuntu", 1003, keys={"/home/ubuntu/.ssh/authorized_keys": 1}),
    )
    logins = Logins(LOGIN, people=people)
    sentences = [text for _, text in closing(HOST, logins, pinned=keys_file(LOGIN), placed=False)]
    assert sentences == [
        "root logs in no more by its 2 keys",
        "1 key in /srv/people/deploy/.ssh/authorized_keys2 log in as deploy no more",
        "customer has no key: it logs in by password no more",
    ]
    notes = list(remaining(HOST, logins, pinned=keys_file(LOGIN), placed=False))
    assert notes == ["ubuntu can log in (1 key)"]


def test_ways_in_that_stay_are_named() -> None:
    logins = Logins(
        replace(LOGIN, expires=20, today=19),
        others=((2022, "dropbear -p 2022"),),
        people=(
            person("root", 0, keys={"/root/.ssh/authorized_keys": 2}),
            person("sftp", 1002, password=True),
            person(
                "deploy",
                1001,
                sshd={**OPEN, "trustedusercakeys": "/etc/ca", "authorizedkeyscommand": "/x"},
            ),
            person("odd", 1005, error="no such thing"),
        ),
    )
    assert list(remaining(HOST, logins, pinned="x", placed=True)) == [
        "the account deploy expires in 1 day",
        "root can log in (2 keys)",
        "sftp can log in by password",
        "keys that /x prints can log in as deploy",
        "certificates that /etc/ca signs can log in as deploy",
        "sshd does not say how odd can log in: no such thing",
        "another SSH server listens on port 2022, with settings of its own: dropbear -p 2022",
    ]


def test_ports_that_close_are_named_with_their_lines() -> None:
    logins = Logins(LOGIN, files={MAIN: (INCLUDE, "Port 22", "Port 2200")}, ports=(22, 2200, 2201))
    assert closed_ports(HOST, logins) == [(2200, (f"{MAIN}:3",)), (2201, ())]


def test_what_is_changed_once_leaves_the_fingerprint_alone() -> None:
    usual = Logins(LOGIN, files={MAIN: (INCLUDE,)}, modes={MAIN: 0o600})
    odd = replace(usual, files={MAIN: (INCLUDE, "Port 2200")})
    before, after = (sshd_component(HOST, UBUNTU_24_04, logins).bundle for logins in (odd, usual))
    assert before.fingerprint == after.fingerprint
    assert [file.path for file in before.files] == [DROP_IN, MAIN]
    assert before.files[1].mode == 0o600
    once = Bundle("x", (BundleFile("/a", b"1", once=True), BundleFile("/b", b"2")))
    assert once.fingerprint == Bundle("x", (BundleFile("/b", b"2"),)).fingerprint


def test_a_port_of_the_sockets_own_is_told_apart() -> None:
    files = {MAIN: (INCLUDE, "Port 2200")}
    logins = Logins(LOGIN, files=files, ports=(22, 2200, 2201), socket=True)
    assert closed_ports(HOST, logins) == [(2200, (f"{MAIN}:2",))]
    assert socket_ports(HOST, logins) == [2201]
    assert socket_ports(HOST, replace(logins, socket=False)) == []


def test_files_that_cannot_be_changed_are_named() -> None:
    files = {MAIN: (INCLUDE, "Include /opt/x"), "/opt/x": ("Port 2200",)}
    with pytest.raises(Problems, match="does not lie below /etc/ssh"):
        sshd_component(HOST, UBUNTU_24_04, Logins(LOGIN, files=files, modes={"/opt/x": 0o644}))
    link = Logins(LOGIN, files={MAIN: ("Port 2200",)})
    with pytest.raises(Problems, match="it is a symbolic link"):
        sshd_component(HOST, UBUNTU_24_04, link)
