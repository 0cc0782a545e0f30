"""An engine that was there before us: what stays, what is refused by name, what restarts."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from bunker.bundle import Component
from bunker.distributions import DEBIAN_12, DEBIAN_13, UBUNTU_24_04
from bunker.errors import Problems
from bunker.fleet.models import Host
from deploys.docker.components import (
    docker_packages,
    docker_source_components,
    missing_docker_packages,
)
from deploys.docker.daemon import daemon_component, kept_keys, whole_settings
from deploys.docker.forwarding import foreign_accepts, forwarding_problems
from deploys.docker.past import EngineState, read_engine

UNIT = "/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock $DOCKER_OPTS"


def a_host(**docker: Any) -> Host:
    data = {
        "name": "n",
        "address": "203.0.113.7",
        "domain": "n.example.org",
        "groups": ["changemaker"],
    }
    return Host.model_validate({**data, "docker": docker})


def engine(
    daemon: dict[str, Any] | str | None = None,
    options: str = "",
    unit: str = UNIT,
    **more: list[str],
) -> EngineState:
    text = daemon if isinstance(daemon, str) else json.dumps(daemon) if daemon else ""
    return read_engine(
        {
            "daemon.json": [base64.b64encode(text.encode()).decode()] if text else [],
            "dockerd": [unit],
            "default": [options] if options else [],
            "started": ["active", "abc"],
            "snap": [],
            "firewalld": [],
            "rules": [],
            "docker-group": ["117"],
            **more,
        }
    )


def refused(state: EngineState, host: Host | None = None) -> str:
    with pytest.raises(Problems) as error:
        whole_settings(host or a_host(), state)
    return str(error.value)


def component_of(state: EngineState) -> Component:
    return daemon_component(a_host(), DEBIAN_13, state, whole_settings(a_host(), state))


def test_keys_that_collide_with_nothing_stay_and_are_named() -> None:
    state = engine({"dns": ["192.0.2.53"], "log-driver": "json-file"})
    settings = whole_settings(a_host(), state)
    assert (settings["dns"], settings["log-driver"]) == (["192.0.2.53"], "local")
    assert kept_keys(a_host(), settings) == ["dns"]


@pytest.mark.parametrize("key", ["data-root", "storage-driver", "userns-remap", "exec-root"])
def test_a_key_that_decides_where_data_are_is_refused_until_the_host_file_says_it(key: str) -> None:
    state = engine({key: "/srv/docker"})
    text = refused(state)
    assert f'"{key}": "/srv/docker"' in text
    assert f'docker: {{daemon: {{{key}: "/srv/docker"}}}}' in text
    said = a_host(daemon={key: "/srv/docker"})
    assert whole_settings(said, state)[key] == "/srv/docker"
    assert key in refused(state, a_host(daemon={key: "/other"}))


def test_a_flag_that_only_the_running_engine_has_is_refused_until_it_was_restarted() -> None:
    words = ["/usr/sbin/dockerd", "-H", "fd://", "--log-driver=journald"]
    text = refused(engine(running=words))
    assert "the running engine: the flag --log-driver=journald" in text
    assert "sudo systemctl restart docker" in text
    both = refused(engine(options='"--log-driver=journald"', running=words))
    assert both.count("--log-driver=journald") == 1
    assert "/etc/default/docker" in both
    assert whole_settings(a_host(), engine(running=words[:3]))


def test_data_of_a_running_engine_are_not_left_behind_by_a_new_place() -> None:
    assert "out of sight" in refused(engine(), a_host(daemon={"data-root": "/srv/docker"}))


@pytest.mark.parametrize(
    ("options", "flag"),
    [
        ('"--log-driver=journald"', "--log-driver=journald"),
        ("--log-opt max-size=1m", "--log-opt max-size=1m"),
        ("'--insecure-registry 10.0.0.1:5000 --debug'", ""),
        ('"-g /srv/docker"', "-g /srv/docker"),
        ("--data-root=/srv/docker", "--data-root=/srv/docker"),
        ("--iptables=false", "--iptables=false"),
        ("--config-file=/etc/d.json", "--config-file=/etc/d.json"),
    ],
)
def test_a_flag_that_collides_or_hides_data_is_named_with_its_file(options: str, flag: str) -> None:
    if not flag:
        assert whole_settings(a_host(), engine(options=options))
        return
    text = refused(engine(options=options))
    assert f"the flag {flag} " in text
    assert "/etc/default/docker" in text


def test_a_flag_of_the_unit_counts_as_one_of_the_file() -> None:
    text = refused(engine(unit=UNIT.replace("$DOCKER_OPTS", "--icc=true --label a=b")))
    assert "the flag --icc=true collides" in text
    assert "docker.service" in text
    assert whole_settings(a_host(), engine())


@pytest.mark.parametrize("text", ['{"dns": [', "[]", "{" * 5000, "nothing"])
def test_a_broken_daemon_json_is_not_written_over(text: str) -> None:
    assert "it is not known which settings" in refused(engine(text))


def test_everything_is_told_at_once() -> None:
    state = engine(
        {"data-root": "/a", "iptables": False}, options="--icc=true", snap=["/snap/docker"]
    )
    text = refused(state)
    for word in ("data-root", "iptables", "--icc=true", "snap remove"):
        assert word in text


def test_firewalld_is_refused() -> None:
    assert "firewalld is active" in refused(engine(firewalld=["active"]))
    assert whole_settings(a_host(), engine(firewalld=["inactive"]))


def test_the_plan_says_when_the_engine_restarts() -> None:
    component = component_of(engine())
    assert component.restarts == ("docker engine",)
    fingerprint = (
        component.activate.split("FINGERPRINT=")[1].split()[0] if component.activate else ""
    )
    ours = engine(started=["active", "abc", f"{fingerprint} abc"])
    assert component_of(ours).restarts == ()
    by_another = engine(started=["active", "abc", f"{fingerprint} before"])
    assert component_of(by_another).restarts == ("docker engine",)
    stopped = engine(started=["inactive", ""])
    assert component_of(stopped).restarts == ()


def test_an_engine_of_dockers_own_packages_is_adopted() -> None:
    there = {"docker-ce": "5:27", "docker-ce-cli": "5:27", "containerd.io": "1.7"}
    assert missing_docker_packages(a_host(), DEBIAN_12, there) == ("docker-compose-plugin",)
    assert (
        missing_docker_packages(a_host(), DEBIAN_13, there | {"docker-compose-plugin": "2.29"})
        == ()
    )
    sources = docker_source_components(DEBIAN_12, there, engine())
    assert [item.name for item in sources] == ["docker-group"]
    assert "docker.io" not in docker_packages(a_host(), UBUNTU_24_04, there)


def test_compose_of_another_package_counts_if_it_is_version_2() -> None:
    engine_there = {"docker.io": "26", "docker-cli": "26"}
    for there in ({"docker-compose-v2": "2.27"}, {"docker-compose": "1:2.26.1-4"}):
        assert missing_docker_packages(a_host(), DEBIAN_13, engine_there | there) == ()
    old = engine_there | {"docker-compose": "1.29.2-3"}
    assert missing_docker_packages(a_host(), DEBIAN_12, old) == ("docker-compose",)


WIREGUARD = "-A FORWARD -i wg0 -j ACCEPT"
TAILSCALE = [
    "-A FORWARD -j ts-forward",
    "-A ts-forward -i tailscale0 -j MARK --set-xmark 0x40000/0xff0000",
    "-A ts-forward -m mark --mark 0x40000/0xff0000 -j ACCEPT",
    "-A ts-forward -s 100.64.0.0/10 -o tailscale0 -j DROP",
    "-A ts-forward -o tailscale0 -j ACCEPT",
]
ENGINE = [
    "-P FORWARD DROP",
    "-A FORWARD -j DOCKER-USER",
    "-A FORWARD -j DOCKER-ISOLATION-STAGE-1",
    "-A FORWARD -o docker0 -j DOCKER",
    "-A FORWARD -i br-0123456789ab ! -o br-0123456789ab -j ACCEPT",
]


def test_a_rule_of_others_before_ours_is_named_with_its_way_out() -> None:
    [problem] = forwarding_problems([WIREGUARD, *ENGINE], ())
    assert f"iptables {WIREGUARD}" in str(problem)
    assert "base.trusted_interfaces" in str(problem)
    assert "sudo iptables -D FORWARD -i wg0 -j ACCEPT" in str(problem)


def test_a_trusted_interface_may_stay() -> None:
    assert foreign_accepts([WIREGUARD, *ENGINE], ["wg0"]) == []
    assert foreign_accepts([WIREGUARD, *ENGINE], ["wg1"]) == [WIREGUARD]
    assert foreign_accepts([*TAILSCALE, *ENGINE], ["tailscale0"]) == []
    assert foreign_accepts([*TAILSCALE, *ENGINE], []) == [TAILSCALE[0]]


def test_rules_after_ours_or_that_accept_nothing_are_no_trouble() -> None:
    late = [*ENGINE, "-A FORWARD -j ACCEPT"]
    dropping = ["-A FORWARD -s 192.0.2.0/24 -j DROP", "-A FORWARD -j ufw-before-forward", *ENGINE]
    assert foreign_accepts(late, []) == foreign_accepts(dropping, []) == []
    anything = "-A FORWARD -j ACCEPT"
    assert foreign_accepts([anything, *ENGINE], ["wg0"]) == [anything]
