"""The rarer causes of failures, each brought about on a real host, and the ways out of them."""

from __future__ import annotations

import re

import pytest

from bunker.lab.fleet import operator_key
from bunker.lab.models import HTTP_USER
from bunker.masking import Secret
from bunker.product import CODE
from bunker.secrets import change_secrets
from tests.lab.code_server import commit_on
from tests.lab.fleet_under_test import NAME
from tests.lab.gate import (
    ASKS,
    LIMITED,
    NGINX,
    OTHERS,
    PASSWORD,
    PLAIN,
    gate,
    gate_with_certificate,
)
from tests.lab.ways_out import SQUATTER, Wiki

pytestmark = pytest.mark.lab

SNAPSHOTS = "/var/lib/bunker/apps/changemaker/snapshots"
KILLED = """\
  made:
    restart: "no"
    build:
      context: .
      dockerfile_inline: |
        FROM nginx:alpine
        RUN exit 137
    entrypoint: ["true"]
"""
"""A build step that ends as one does that the kernel killed: a stand-in, no memory is used up."""


def test_a_port_that_another_program_has_is_seen_before_anything_changes(wiki: Wiki) -> None:
    commit = wiki.commit()
    wiki.fleet.on("north", f"docker rm -f wiki-web-1 && {SQUATTER}")
    trouble = wiki.fails(
        "port taken",
        "port 8088 of the host is taken by the process python3: stop that, or give",
        *wiki.upgrade(commit),
    )
    assert re.search(r'"python3",pid=\d+', trouble.look())
    wiki.fleet.on("north", "systemctl stop squatter")
    trouble.follow()
    assert wiki.runs() == str(wiki.number)


def test_a_git_server_whose_host_key_is_another(wiki: Wiki) -> None:
    address = wiki.fleet.state.git_address
    host_keys = wiki.fleet.state.host("north").host_keys
    wrong = [re.sub(r"^\S+", address, line) for line in host_keys]
    wiki.configure(repository_host_keys=wrong)
    commit = wiki.commit()
    said = "the host key of the git server is not among applications.wiki.repository_host_keys"
    trouble = wiki.fails("unknown host key of the git server", said, *wiki.upgrade(commit))
    shown = re.findall(rf"^{address} \S+ \S+$", trouble.look(), re.MULTILINE)
    assert set(shown) >= set(wiki.source["repository_host_keys"])
    wiki.configure(repository_host_keys=shown)
    trouble.follow()
    assert wiki.runs() == str(wiki.number)


def test_a_token_that_has_expired(wiki: Wiki) -> None:
    state = wiki.fleet.state
    url = state.git_http_url.replace("http://", f"http://{HTTP_USER}@")
    wiki.configure(repository=url, repository_host_keys=[])
    wiki.tried("invoke secrets.set --host north --key WIKI__GIT_TOKEN", "expired")
    commit = wiki.commit()
    said = "the git server does not accept the token: it is wrong or has expired"
    refused = wiki.fleet.invoke(*wiki.upgrade(f"wiki-{wiki.number}"), "--yes", expect=1)
    assert refused.stderr.startswith(f"error: {url}: {said}")
    assert "`invoke secrets.set --host north --key WIKI__GIT_TOKEN`" in refused.stderr
    trouble = wiki.fails("token refused", said, *wiki.upgrade(commit))
    trouble.follow(state.git_token_file.read_text().strip())
    assert wiki.runs() == str(wiki.number)
    key = operator_key(wiki.fleet.root, NAME)
    changes: dict[str, Secret | None] = {"WIKI__GIT_TOKEN": None}
    change_secrets(wiki.fleet.folder, "north", changes, key_file=key)


def test_a_name_that_does_not_resolve(wiki: Wiki) -> None:
    name, address = "git.lab.example", wiki.fleet.state.git_address
    keys = [line.replace(address, name) for line in wiki.source["repository_host_keys"]]
    repository = wiki.source["repository"].replace(address, name)
    wiki.configure(repository=repository, repository_host_keys=keys)
    commit = wiki.commit()
    trouble = wiki.fails(
        "names do not resolve",
        f"the host cannot resolve the name {name}: it is wrong, or",
        *wiki.upgrade(commit),
    )
    assert "no address\nnameserver " in trouble.look()
    wiki.fleet.on("north", f"echo {address} {name} >> /etc/hosts")
    trouble.follow()
    assert wiki.runs() == str(wiki.number)


def test_a_git_server_that_is_away(wiki: Wiki) -> None:
    address = wiki.fleet.state.git_address
    rule = f"OUTPUT -d {address} -p tcp --dport 22 -j REJECT --reject-with tcp-reset"
    commit = wiki.commit()
    wiki.fleet.on("north", f"iptables -I {rule}")
    trouble = wiki.fails(
        "registry or server away",
        f"the host cannot reach {address} port 22: that is away, or something between",
        *wiki.upgrade(commit),
    )
    looked = trouble.look()
    assert "Connection refused" in looked
    assert "it answers" not in looked
    wiki.fleet.on("north", f"iptables -D {rule}")
    assert "it answers" in trouble.look()
    trouble.follow()
    assert wiki.runs() == str(wiki.number)


def test_a_registry_that_is_away(wiki: Wiki) -> None:
    image = f"{PLAIN}/{NGINX}"
    wiki.fleet.on("north", "docker rm -f gate 2>/dev/null || true")
    trouble = wiki.fails(
        "registry or server away",
        "the host cannot reach 127.0.0.1 port 5001: that is away, or something between",
        *wiki.with_image(image),
    )
    assert "it answers" not in trouble.look()
    gate(wiki.fleet)
    assert "it answers" in trouble.look()
    trouble.follow()


def test_a_registry_that_limits_how_often_is_pulled(wiki: Wiki) -> None:
    image = gate(wiki.fleet, LIMITED, place=OTHERS[0])
    trouble = wiki.fails(
        "rate limit of the registry",
        "the image registry allows no more pulls for now: wait",
        *wiki.with_image(image),
    )
    gate(wiki.fleet, place=OTHERS[0])
    trouble.follow()


def test_a_certificate_of_another_time(wiki: Wiki) -> None:
    image = gate_with_certificate(wiki.fleet, "20950101000000Z")
    server = image.partition(":")[0]
    trouble = wiki.fails(
        "wrong clock",
        f"the certificate or signature of {server} is not accepted: it has expired, is not valid",
        *wiki.with_image(image),
    )
    looked = trouble.look()
    assert "Universal time:" in looked
    assert "notBefore=Jan  1 00:00:00 2095 GMT" in looked
    gate_with_certificate(wiki.fleet, "20200101000000Z")
    trouble.follow()


def test_a_build_that_runs_out_of_memory(wiki: Wiki) -> None:
    wiki.commit(KILLED, branch="heavy")
    trouble = wiki.fails("out of memory", "the host ran out of memory", *wiki.upgrade("heavy"))
    assert re.search(r"^Mem: ", trouble.look(), re.MULTILINE)
    wiki.commit(branch="heavy")
    trouble.follow()
    assert wiki.runs() == str(wiki.number)


def test_packages_where_names_do_not_resolve(wiki: Wiki) -> None:
    on = wiki.fleet.on
    wiki.fleet.configure("north", {"base": {"extra_packages": ["tree"]}})
    on("north", "cp /etc/resolv.conf /root/kept; echo nameserver 192.0.2.1 > /etc/resolv.conf")
    trouble = wiki.fails(
        "names do not resolve",
        "the host cannot resolve the name ",
        *("deploy", "--host", "north", "--role", "base"),
    )
    assert "nameserver 192.0.2.1" in trouble.look()
    on("north", "cat /root/kept > /etc/resolv.conf")
    trouble.follow()
    on("north", "tree --version")


def test_no_room_for_the_copy_of_the_database(wiki: Wiki) -> None:
    small = f"mkdir -p -m 0700 {SNAPSHOTS} && mount -t tmpfs -o size=1m tmpfs {SNAPSHOTS}"
    wiki.fleet.on("north", small)
    trouble = wiki.fails(
        "no room for the snapshot",
        "there is no room for the copy of the database that a rollback needs: ",
        *("upgrade", "--host", "north", "--app", "changemaker", "--ref", "v2.1.0", "--no-pin"),
    )
    assert f"1.0M     0  1.0M   0% {SNAPSHOTS}" in trouble.look()
    wiki.fleet.on("north", f"umount {SNAPSHOTS}")
    trouble.follow()


def test_an_image_of_the_instance_itself_from_a_registry_that_wants_a_login(wiki: Wiki) -> None:
    """The engine's own client logs in, as the first line says; ssh is how to get there."""
    place = OTHERS[1]
    image = gate(wiki.fleet, ASKS, place=place)
    compose = (CODE / "sample" / "application" / "docker-compose.yml").read_text()
    files = {"docker-compose.yml": compose.replace("image: nginx:alpine", f"image: {image}")}
    commit_on(wiki.fleet, "private", files)
    trouble = wiki.fails(
        "no login for the registry",
        "the image registry wants a login, another one, or does not have the image: ",
        *("upgrade", "--host", "north", "--app", "changemaker", "--ref", "private", "--no-pin"),
    )
    trouble.look()
    login = f"docker login --username ops --password-stdin {place}"
    wiki.fleet.on("north", f"printf %s '{PASSWORD}' | HOME=/root {login} 2>/dev/null")
    trouble.follow()
