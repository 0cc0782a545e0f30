"""Any Compose project beside a Changemaker instance: deployed, upgraded and rolled back."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from bunker.applications.settings import ApplicationSettings
from bunker.fleet import load_fleet
from tests.lab.code_server import commit_on
from tests.lab.fleet_under_test import NAME, FleetUnderTest, Ran
from tests.lab.host_state import started
from tests.lab.needles import WATCH, Needles, ProcessWatch, files_since, search_host

pytestmark = pytest.mark.lab

WEB = """\
services:
  web:
    image: nginx:alpine
    restart: unless-stopped
    ports: ["127.0.0.1:8088:80"]
    environment:
      GREETING: ${GREETING}
    volumes: ["./site:/usr/share/nginx/html:ro"]
"""
SERVER = "services:\n  web:\n    labels: {merged: second}\n"
ENTRY: dict[str, Any] = {
    "kind": "compose",
    "folder": "wiki",
    "files": ["compose.yml", "server.yml"],
    "environment": {"GREETING": "hello"},
    "url": "http://127.0.0.1:8088/",
    "health_timeout_seconds": 20,
    "quiet_seconds": 1,
}
ASK = "curl -s http://127.0.0.1:8088/"
LABEL = "docker inspect --format '{{index .Config.Labels \"merged\"}}' wiki-web-1"


@pytest.fixture(scope="module")
def wiki(deployed: FleetUnderTest) -> FleetUnderTest:
    """A deployed host with a second application from files of the fleet."""
    deployed.pristine("north")
    folder = deployed.root / "files" / "wiki"
    (folder / "site").mkdir(parents=True, exist_ok=True)
    (folder / "compose.yml").write_text(WEB)
    (folder / "server.yml").write_text(SERVER)
    (folder / "site" / "index.html").write_text("first\n")
    deployed.configure("north", {"applications": {"wiki": ENTRY}})
    return deployed


def test_it_is_deployed_beside_the_instance_which_is_left_alone(wiki: FleetUnderTest) -> None:
    before = started(wiki, "north")
    ran = wiki.deploy("north")
    (planned,) = ran.events("planned")
    assert {change["role"] for change in planned["plan"]["changes"]} == {"wiki"}
    assert wiki.on("north", ASK) == "first\n"
    assert wiki.on("north", LABEL) == "second\n", "its files are merged in their order"
    assert started(wiki, "north").items() >= before.items()
    again = wiki.deploy("north")
    assert again.events("step") == []


def test_a_changed_file_of_the_fleet_is_an_upgrade_and_a_generation(wiki: FleetUnderTest) -> None:
    index(wiki).write_text("second\n")
    wiki.invoke("upgrade", "--host", "north", "--app", "wiki", "--yes", "--json")
    assert wiki.on("north", ASK) == "second\n"
    assert numbers(wiki) == [1, 2]


def test_what_is_not_healthy_is_rolled_back_by_itself(wiki: FleetUnderTest) -> None:
    server = wiki.root / "files" / "wiki" / "server.yml"
    server.write_text(SERVER + "    command: [sh, -c, exit 3]\n")
    ran = wiki.invoke("upgrade", "--host", "north", "--app", "wiki", "--yes", "--json", expect=4)
    assert wiki.on("north", ASK) == "second\n", ran.text
    assert "files/wiki still holds what was rolled back on north: the next deploy" in ran.text
    server.write_text(SERVER)
    assert numbers(wiki)[:2] == [1, 2]


def test_a_port_that_something_else_has_is_refused_by_name_before_anything_changes(
    wiki: FleetUnderTest,
) -> None:
    server = wiki.root / "files" / "wiki" / "server.yml"
    server.write_text(SERVER + '    ports: ["127.0.0.1:8089:81", "22:82"]\n')
    wiki.on("north", "sudo docker run -d --name squatter -p 8089:80 nginx:alpine")
    before = started(wiki, "north")
    ran = wiki.invoke("upgrade", "--host", "north", "--app", "wiki", "--yes", "--json", expect=3)
    assert "port 8089 is taken by the container squatter: give" in ran.text
    assert "port 22 is taken by the process sshd of this host" in ran.text
    assert started(wiki, "north") == before
    assert wiki.on("north", ASK) == "second\n"
    wiki.on("north", "sudo docker rm -f squatter")
    server.write_text(SERVER)


def test_what_is_set_on_the_command_line_runs_and_stands_in_the_file(wiki: FleetUnderTest) -> None:
    words = ("--set", "services.web.labels.merged=third, and last", "--yes", "--json")
    wiki.invoke("upgrade", "--host", "north", "--app", "wiki", *words)
    assert wiki.on("north", LABEL) == "third, and last\n"
    assert settings(wiki) == {"services.web.labels.merged": "third, and last"}
    assert wiki.deploy("north").events("step") == []


def test_it_is_rolled_back_when_an_operator_asks(wiki: FleetUnderTest) -> None:
    ran = wiki.invoke(
        *("rollback", "--host", "north", "--app", "wiki", "--to", "1", "--yes", "--json"),
    )
    (warned,) = ran.events("warning")
    assert warned["message"].startswith("files/wiki still holds what was rolled back on north")
    assert wiki.on("north", ASK) == "first\n"
    assert wiki.on("north", LABEL) == "second\n"
    assert settings(wiki) == {}, "the file says what that generation had set"


def index(fleet: FleetUnderTest) -> Path:
    return fleet.root / "files" / "wiki" / "site" / "index.html"


def entry(fleet: FleetUnderTest) -> ApplicationSettings:
    return load_fleet(fleet.root, NAME).host("north").applications["wiki"]


def settings(fleet: FleetUnderTest) -> dict[str, Any]:
    return dict(entry(fleet).set_values)


def numbers(fleet: FleetUnderTest) -> list[int]:
    rows = fleet.on("north", "sudo sh -c 'cat /var/lib/bunker/apps/wiki/generations/*.json'")
    return [json.loads(row)["number"] for row in rows.splitlines()]


# A private registry: the lab's own behind nginx, which asks for a login.

PASSWORD = "CanaryOfTheRegistry+100%"
PRIVATE = "127.0.0.1:5001"  # the engine takes plain HTTP from the loopback address
BEHIND_NGINX = """
umask 022
mkdir -p /srv/registry-behind-nginx && cd /srv/registry-behind-nginx
printf 'ops:{PLAIN}%s\\n' '@PASSWORD@' > users
cat > default.conf <<'END'
server {
  listen @PRIVATE@;
  location / {
    auth_basic "a private registry";
    auth_basic_user_file /etc/nginx/users;
    proxy_pass @MIRROR@;
    proxy_set_header Host $http_host;
  }
}
END
docker run -d --quiet --name registry-behind-nginx --network host \\
  -v "$PWD/default.conf:/etc/nginx/conf.d/default.conf:ro" -v "$PWD/users:/etc/nginx/users:ro" \\
  nginx:alpine >/dev/null
curl --silent --retry 20 --retry-connrefused --retry-delay 1 --head \\
  --user 'ops:@PASSWORD@' -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' \\
  http://@PRIVATE@/v2/library/nginx/manifests/alpine | tr -d '\\r' \\
  | sed -n 's/^[Dd]ocker-[Cc]ontent-[Dd]igest: //p'
"""


@pytest.fixture(scope="module")
def image(wiki: FleetUnderTest) -> str:
    """An image of the private registry, by digest; its login is in the entry of the project."""
    script = BEHIND_NGINX.replace("@PRIVATE@", PRIVATE).replace("@PASSWORD@", PASSWORD)
    digest = wiki.on("north", script.replace("@MIRROR@", wiki.state.registry_mirror)).strip()
    assert digest.startswith("sha256:")
    login = {"address": PRIVATE, "user": "ops", "password_secret": "REGISTRY_PASSWORD"}
    wiki.configure("north", {"applications": {"wiki": {"registries": [login]}}})
    return f"{PRIVATE}/library/nginx@{digest}"


def store(fleet: FleetUnderTest, key: str, value: str) -> None:
    """As an operator does it: the value through a pipe."""
    words = ("secrets.set", "--host", "north", "--key", key)
    process = fleet.start(*words, given=subprocess.PIPE)
    said = process.communicate(value, timeout=60)
    assert process.returncode == 0, said


def upgrade_to(fleet: FleetUnderTest, image: str, expect: int = 0) -> Ran:
    words = ("--app", "wiki", "--set", f"services.web.image={image}", "--yes", "--json")
    return fleet.invoke("upgrade", "--host", "north", *words, expect=expect)


def test_a_wrong_login_is_a_sentence_and_leaves_the_project_alone(
    wiki: FleetUnderTest, image: str
) -> None:
    before = started(wiki, "north")
    ran = wiki.invoke("upgrade", "--host", "north", "--app", "wiki", "--yes", expect=1)
    assert "invoke secrets.set --host north --key WIKI__REGISTRY_PASSWORD" in ran.text
    store(wiki, "WIKI__REGISTRY_PASSWORD", "wrong")
    ran = upgrade_to(wiki, image, expect=3)
    assert (
        f"the registry {PRIVATE} refuses the login of ops; the project is left as it was. Store its"
        " password again: invoke secrets.set --host north --key WIKI__REGISTRY_PASSWORD"
    ) in ran.text
    assert started(wiki, "north") == before
    assert settings(wiki) == {}


def test_an_image_of_a_private_registry_is_pulled_by_digest_and_its_password_is_seen_nowhere(
    wiki: FleetUnderTest, image: str
) -> None:
    began = time.time()
    store(wiki, "WIKI__REGISTRY_PASSWORD", PASSWORD)
    wiki.on("north", WATCH)
    with ProcessWatch() as processes:
        ran = upgrade_to(wiki, image)
    runs = wiki.on("north", "docker inspect --format '{{.Config.Image}}' wiki-web-1").strip()
    assert runs == image
    assert settings(wiki) == {"services.web.image": image}

    needles = Needles({"password": PASSWORD})
    assert needles.within(ran.text, "output") == set()
    assert needles.within("\n".join(processes.seen), "arguments") == set()
    written = [path.read_text(errors="replace") for path in files_since(began, [wiki.root])]
    assert any(ran.events("planned")[0]["plan"]["host"] in text for text in written)
    assert needles.within("\n".join(written), "files of the fleet and its runs") == set()
    found = search_host(wiki, "north", needles)
    engine = "/var/lib/docker/"
    files = {detail for kind, detail in found if kind == "file" and engine not in detail}
    assert files == {
        "600 no /var/lib/bunker/apps/wiki/docker/config.json",
        "644 yes /srv/registry-behind-nginx/users",
    }
    assert [row for row in found if row[0] != "file"] == []


# Code from a repository, over HTTP with a token of its own.


def test_from_a_repository_the_reached_version_is_in_the_file_and_so_is_a_rollback(
    wiki: FleetUnderTest, image: str
) -> None:
    for branch in ("wiki-1", "wiki-2"):
        files = {"wiki/compose.yml": WEB, "wiki/site/index.html": f"{branch}\n"}
        commit_on(wiki, branch, files)
    source = {"folder": None, "repository": wiki.state.git_http_url, "ref": "wiki-1"}
    source |= {"files": ["wiki/compose.yml"]}
    wiki.configure("north", {"applications": {"wiki": source}})
    refused = wiki.invoke("upgrade", "--host", "north", "--app", "wiki", "--yes", expect=1)
    assert "the git server does not accept the token" in refused.text
    assert "--key WIKI__GIT_TOKEN" in refused.text
    store(wiki, "WIKI__GIT_TOKEN", wiki.state.git_token_file.read_text().strip())
    for ref in ("wiki-1", "wiki-2"):
        words = ("upgrade", "--host", "north", "--app", "wiki", "--ref", ref, "--yes", "--json")
        wiki.invoke(*words)
        assert (wiki.on("north", ASK), entry(wiki).ref) == (f"{ref}\n", ref)
    wiki.invoke("rollback", "--host", "north", "--app", "wiki", "--yes", "--json")
    assert (wiki.on("north", ASK), entry(wiki).ref) == ("wiki-1\n", "wiki-1")
    assert settings(wiki) == {"services.web.image": image}
    assert wiki.deploy("north").events("step") == []
