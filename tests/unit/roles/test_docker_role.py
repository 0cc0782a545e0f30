"""What the docker role renders, for every distribution."""

import json
import subprocess

import pytest

from bunker.distributions import DEBIAN_12, DEBIAN_13, SUPPORTED, UBUNTU_24_04
from bunker.errors import BunkerError
from bunker.fleet.models import Host
from deploys.docker.components import docker_packages, docker_source_components
from deploys.docker.daemon import daemon_component, daemon_settings, restart_fingerprint
from deploys.docker.past import EngineState


def a_host(**docker):
    return Host.model_validate(
        {
            "name": "n",
            "address": "203.0.113.7",
            "domain": "n.example.org",
            "groups": ["changemaker"],
            "docker": docker,
        }
    )


NO_ENGINE = EngineState(False, None, (), "", snap=False, firewalld=False, rules=())


def components(release):
    return [daemon_component(a_host(), release, NO_ENGINE, daemon_settings(a_host()))]


def test_daemon_json_has_the_hardened_values():
    [component] = components(DEBIAN_13)
    [file] = component.bundle.files
    assert file.path == "/etc/docker/daemon.json"
    assert json.loads(file.content) == {
        "default-address-pools": [{"base": "10.213.0.0/16", "size": 24}],
        "icc": False,
        "live-restore": True,
        "log-driver": "local",
        "log-opts": {"max-file": "3", "max-size": "10m"},
        "no-new-privileges": True,
    }


def test_a_mirror_is_a_reload_and_a_log_limit_a_restart():
    plain = restart_fingerprint(daemon_settings(a_host()))
    mirrored = a_host(
        registry_mirrors=["https://mirror.example.org"],
        insecure_registries=["10.0.0.1:5000"],
    )
    assert daemon_settings(mirrored)["registry-mirrors"] == ["https://mirror.example.org"]
    assert restart_fingerprint(daemon_settings(mirrored)) == plain
    assert restart_fingerprint(daemon_settings(a_host(log_max_files=5))) != plain


@pytest.mark.parametrize("pool", ["2001:db8::/64", "10.0.0.0/30"])
def test_a_pool_that_cannot_serve_is_refused(pool):
    with pytest.raises(BunkerError, match="address_pool"):
        daemon_settings(a_host(address_pool=pool))


@pytest.mark.parametrize("pool", ["10.9.0.0/16", "10.9.8.0/24", "10.9.8.0/26"])
def test_networks_are_never_wider_than_their_pool(pool):
    [entry] = daemon_settings(a_host(address_pool=pool))["default-address-pools"]
    assert entry["size"] >= int(pool.split("/")[1])


def test_packages_per_distribution():
    assert docker_packages(a_host(), DEBIAN_12, {}) == ("docker-compose", "docker.io")
    assert docker_packages(a_host(), DEBIAN_13, {}) == ("docker-cli", "docker-compose", "docker.io")
    assert docker_packages(a_host(), UBUNTU_24_04, {}) == ("docker-compose-v2", "docker.io")


def test_only_debian_12_takes_compose_from_the_next_release():
    for release in (DEBIAN_13, UBUNTU_24_04):
        assert [item.name for item in docker_source_components(release, {}, NO_ENGINE)] == [
            "docker-group"
        ]
    [_, source] = docker_source_components(DEBIAN_12, {}, NO_ENGINE)
    [file] = source.bundle.files
    everything, compose = file.content.decode().split("\n\n")
    assert "Package: *\nPin: release n=trixie\nPin-Priority: -1" in everything
    assert compose == "Package: docker-compose\nPin: release n=trixie\nPin-Priority: 990\n"
    assert "://" not in file.content.decode() + (source.activate or "")


@pytest.mark.parametrize("known", SUPPORTED, ids=lambda known: known.name)
def test_snippets_are_valid_shell(known):
    for item in docker_source_components(known, {}, NO_ENGINE) + components(known):
        for snippet in (item.validate, item.activate, item.check):
            if snippet:
                parsed = subprocess.run(
                    ["sh", "-n", "-c", snippet], capture_output=True, check=False
                )
                assert parsed.returncode == 0, (item.name, parsed.stderr)


def test_the_engine_checks_its_file_where_it_can():
    assert components(DEBIAN_12)[0].validate is None
    assert "--validate" in (components(DEBIAN_13)[0].validate or "")
