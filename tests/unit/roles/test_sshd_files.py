"""sshd's configuration as hosts have it: read as sshd does, and what has to change in it."""

import pytest

from deploys.base.sshd_files import (
    DROP_IN,
    INCLUDE,
    MAIN,
    Setting,
    listening_problem,
    parsed,
    read_before_ours,
    rewritten,
    settings,
    weakened,
)

OURS = parsed("Port 22\nPasswordAuthentication no\nMatch User deploy\n    X11Forwarding no\n")


def values(files: dict[str, tuple[str, ...]]) -> list[tuple[str, str, str]]:
    return [(item.keyword, item.value, item.match) for item in settings(files)]


def test_match_lasts_until_the_next_one_or_the_end_of_its_file() -> None:
    files = {
        MAIN: ("# Port 1", "Include more/*.conf", "Match Group a", "Port=3", "MATCH all", "port 4"),
        "/etc/ssh/more/b.conf": ("Match User x", "Port 2"),
        "/etc/ssh/more/sub/c.conf": ("Port 9",),
    }
    assert values(files) == [
        ("include", "more/*.conf", ""),
        ("port", "2", "User x"),
        ("port", "3", "Group a"),
        ("port", "4", "all"),
    ]


def test_an_include_in_a_block_belongs_to_the_block() -> None:
    files = {MAIN: ("Match Group a", f"Include {DROP_IN}"), DROP_IN: ("X11Forwarding yes",)}
    assert values(files)[-1] == ("x11forwarding", "yes", "Group a")


def test_files_that_include_each_other_end() -> None:
    files = {MAIN: ("Include a",), "/etc/ssh/a": ("Include a", "Port 1")}
    assert values(files)[-1] == ("port", "1", "")


def test_a_main_file_as_packages_bring_it_stays() -> None:
    assert rewritten({MAIN: ("# first", INCLUDE, "PasswordAuthentication yes")}, OURS, (22,)) == {}


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ((), (INCLUDE,)),
        (("UsePAM yes",), (INCLUDE, "UsePAM yes")),
        (("PasswordAuthentication yes", INCLUDE), (INCLUDE, "PasswordAuthentication yes", "")),
        (("Match all", "Include sshd_config.d/*"), (INCLUDE, "Match all", "")),
        (
            ("Match all", "Include other sshd_config.d/*.conf"),
            (INCLUDE, "Match all", "Include /etc/ssh/other"),
        ),
    ],
)
def test_our_part_is_included_before_what_would_win(
    lines: tuple[str, ...], wanted: tuple[str, ...]
) -> None:
    changed = rewritten({MAIN: lines}, OURS, (22,))[MAIN]
    assert changed == wanted
    assert rewritten({MAIN: changed}, OURS, (22,)) == {}


def test_an_include_after_what_is_none_of_ours_stays() -> None:
    assert rewritten({MAIN: ("Subsystem sftp x", INCLUDE)}, OURS, (22,)) == {}


def test_ports_are_named_by_our_part_alone() -> None:
    files = {
        MAIN: (INCLUDE, "Port 2200"),
        DROP_IN: ("Port 22",),
        "/etc/ssh/sshd_config.d/50-x.conf": ("Port 22", "ListenAddress [::1]:2200"),
    }
    changed = rewritten(files, OURS, (22,))
    assert sorted(changed) == [MAIN, "/etc/ssh/sshd_config.d/50-x.conf"]
    assert all(line.startswith("# ") for line in changed["/etc/ssh/sshd_config.d/50-x.conf"])
    assert rewritten({**files, **changed}, OURS, (22,)) == {}


def test_addresses_stay_where_they_let_the_wanted_port_be() -> None:
    files = {
        MAIN: (INCLUDE, "ListenAddress 10.0.0.5", "ListenAddress [fd00::5]:22", "ListenAddress ::")
    }
    assert rewritten(files, OURS, (22,)) == {}
    assert listening_problem(files, (22,)) is None


def test_an_address_that_keeps_sshd_from_its_port_is_named() -> None:
    problem = listening_problem({MAIN: (INCLUDE, "ListenAddress 10.0.0.5:22")}, (22, 2222))
    assert problem is not None
    assert "ListenAddress 10.0.0.5:22 keeps sshd from port 2222" in str(problem)
    assert f"{MAIN}:2" in str(problem)


def test_a_drop_in_that_is_read_before_ours_is_named() -> None:
    first = "/etc/ssh/sshd_config.d/00-a.conf"
    files = {MAIN: (INCLUDE,), first: ("passwordauthentication YES", "Port 22", "UsePAM yes")}
    [problem] = read_before_ours(files, OURS)
    assert f"{first}:1" in str(problem)
    later = {MAIN: (INCLUDE,), "/etc/ssh/sshd_config.d/50-a.conf": ("PasswordAuthentication yes",)}
    assert list(read_before_ours(later, OURS)) == []


def test_blocks_that_weaken_ours_are_named_with_their_place() -> None:
    files = {
        MAIN: (INCLUDE, "Match Group x", "PasswordAuthentication yes", "Banner none", "UseDNS yes"),
        DROP_IN: ("Match User deploy", "PasswordAuthentication yes"),
    }
    sentence = f"{MAIN}:3: for Match Group x it is passwordauthentication yes"
    assert list(weakened(files, OURS)) == [sentence]


def test_a_port_in_an_address_is_found() -> None:
    found = [
        Setting(MAIN, 1, "listenaddress", value).own_port
        for value in ("0.0.0.0:22", "[::]:23", "::", "fd00::5", "host", "10.0.0.1:24 rdomain blue")
    ]
    assert found == [22, 23, None, None, None, 24]
