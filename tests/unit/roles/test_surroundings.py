"""What else a host brings along is told before the first deploy, and nothing where all is plain."""

import pytest

from deploys.base.logins import Login
from deploys.base.surroundings import Surroundings, read_surroundings, surprises

PLAIN = Login("deploy", "/home/deploy", group="deploy", home_owner="deploy")


def test_a_plain_host_has_no_surprises() -> None:
    lines = ["language en_US.UTF-8"]
    assert list(surprises(read_surroundings(lines), PLAIN)) == []
    assert list(surprises(read_surroundings([]), Login("root", "/root", group="root"))) == []


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "variable SMTP_HOST",
            "/etc/environment sets SMTP_HOST; neither our commands nor containers get it",
        ),
        ("language de_DE.UTF-8", "the host speaks de_DE.UTF-8; our commands run in C.UTF-8"),
        (
            "apparmor no",
            "the kernel has no AppArmor; programs and containers run without its profiles",
        ),
        (
            "cloud-init /etc/sudoers.d/90-cloud-init-users",
            "cloud-init wrote /etc/sudoers.d/90-cloud-init-users, which stays",
        ),
        (
            "cloud-init /etc/ssh/sshd_config.d/50-cloud-init.conf",
            "cloud-init wrote /etc/ssh/sshd_config.d/50-cloud-init.conf, "
            "which sshd reads after ours",
        ),
        (
            "lock /var/lib/dpkg/lock is held by process 7 (apt upgrade)",
            "/var/lib/dpkg/lock is held by process 7 (apt upgrade); "
            "installing packages waits for it, up to 5 minutes",
        ),
    ],
)
def test_each_surprise_has_its_sentence(line: str, sentence: str) -> None:
    assert list(surprises(read_surroundings([line]), PLAIN)) == [sentence]


def test_a_login_that_lives_elsewhere_is_told() -> None:
    login = Login("ops", "/srv/ops", group="crew", home_owner="ops")
    assert list(surprises(Surroundings(), login)) == [
        "the home of ops is /srv/ops",
        "the group of ops is crew",
    ]
