"""The same host on both paths: our loader, and pyinfra's own with its own rules.

pyinfra's command line patches the interpreter when it is imported, so every test runs pyinfra's
real loader in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bunker.fleet import Fleet, load_fleet

REPOSITORY = Path(__file__).resolve().parents[2]

SCRIPT = """
import json, sys
from pyinfra_cli.cli import _apply_inventory_limit, _set_override_data
from pyinfra_cli.inventory import make_inventory
from pyinfra.api import State
from pyinfra.context import ctx_state
from bunker.fleet import host_from_data

ctx_state.set(State())

file, limit, overrides = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
override_data = _set_override_data(overrides, None, None, None, None, None)
inventory = make_inventory(file, override_data=override_data, cwd=sys.argv[4])
chosen = _apply_inventory_limit(inventory, limit)
result = {}
for host in inventory if chosen is None else chosen:
    data = host.data.dict()
    result[host.name] = {
        "host": host_from_data(host.name, data).model_dump(mode="json"),
        "groups": host.groups,
        "ssh": {key: value for key, value in data.items() if key.startswith(("ssh_", "_"))},
    }
print(json.dumps(result))
"""


def through_pyinfra(root: Path, limit=(), data=(), check=True, **environment: str):
    """What pyinfra makes of the inventory, called from the repository's root."""
    arguments = ["inventories/production.py", json.dumps(limit), json.dumps(data), str(root)]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if not check:
        return done
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {
        "inventories/production.py": (REPOSITORY / "inventories/production.py").read_text(),
        "inventories/production/north.yml": (
            "host: north\naddress: 203.0.113.1\ndomain: north.example.org\nport: 2222\n"
            # Against the alphabet, and against the order in which pyinfra sees the groups.
            "groups: [zebra, canary]\n"
            "base: {banner: host}\nfeatures: {media: true}\nenvironment: {FROM_HOST: '1'}\n"
        ),
        "inventories/production/south.yml": (
            "host: south\naddress: 203.0.113.2\ndomain: south.example.org\n"
            "groups: [canary, zebra]\n"
        ),
        "inventories/production/west.yml": (
            "host: west\naddress: 203.0.113.3\ndomain: west.example.org\n"
        ),
        "group_data/all.py": (
            "_sudo = True\nuser = 'operator'\ntier = 2\n"
            "base = {'timezone': 'all', 'banner': 'all', 'journald_max_megabytes': 100}\n"
            "environment = {'FROM_ALL': 'all', 'FROM_GROUP': 'all'}\n"
        ),
        "group_data/zebra.py": (
            "import os\nbase = {'timezone': 'zebra'}\napplication = {'ref': 'zebra'}\n"
            "environment = {'FROM_GROUP': 'zebra'}\n"
        ),
        "group_data/canary.py": (
            "base = {'timezone': 'canary'}\napplication = {'ref': 'canary'}\nssh_port = 1\n"
        ),
        "inventories/group_data/canary.py": "application = {'project': 'from-inventories'}\n",
        "group_data/production.py": (
            "ssh_key = '.keys/operator'\nssh_connect_retries = 9\n_preserve_sudo_env = True\n"
            "base = {'journald_max_megabytes': 200}\ndocker = {'log_max_files': 7}\n"
        ),
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path.resolve()


def ours(root: Path) -> Fleet:
    return load_fleet(root, "production", require_secrets=False)


def test_precedence_from_the_weakest_to_the_strongest(root):
    hosts = ours(root).hosts
    north, south, west = hosts["north"], hosts["south"], hosts["west"]
    # all < groups < file; sections are merged key by key
    assert (west.base.timezone, north.base.timezone, south.base.timezone) == (
        "all",
        "canary",
        "zebra",
    )
    assert (west.base.banner, north.base.banner) == ("all", "host")
    # the last group in the host's own list wins, not the last of the alphabet
    assert (north.application.ref, south.application.ref) == ("canary", "zebra")
    # group_data/ first, inventories/group_data/ on top of it, merged
    assert north.application.project == "from-inventories"
    # the group named after the inventory file comes last of all groups
    assert {host.base.journald_max_megabytes for host in hosts.values()} == {200}
    assert north.docker.log_max_files == 7
    assert (north.environment, west.environment) == (
        {"FROM_ALL": "all", "FROM_GROUP": "zebra", "FROM_HOST": "1"},
        {"FROM_ALL": "all", "FROM_GROUP": "all"},
    )
    assert (north.user, north.tier, north.application.directory) == (
        "operator",
        2,
        "/opt/changemaker-lite",
    )


def test_pyinfra_gives_the_same_hosts(root):
    seen = through_pyinfra(root)
    assert {name: row["host"] for name, row in seen.items()} == {
        name: host.model_dump(mode="json") for name, host in ours(root).hosts.items()
    }


def test_pyinfra_appends_the_file_name_group_last(root):
    seen = through_pyinfra(root)
    assert seen["north"]["groups"][-1] == seen["west"]["groups"][-1] == "production"
    assert set(seen["north"]["groups"]) == {"canary", "zebra", "production"}


def test_the_connection_is_pinned_and_known(root):
    (root / "inventories/ssh_config").write_text("Host *\n  ServerAliveInterval 15\n")
    seen = through_pyinfra(root)["north"]["ssh"]
    assert seen == {
        "_sudo": True,
        "_preserve_sudo_env": True,
        "ssh_hostname": "203.0.113.1",
        "ssh_port": 2222,  # the host's, although a group's data name another
        "ssh_user": "operator",
        "ssh_key": str(root / ".keys/operator"),
        "ssh_known_hosts_file": str(root / "inventories/production/known_hosts"),
        "ssh_strict_host_key_checking": "yes",
        "ssh_config_file": str(root / "inventories/ssh_config"),
        "ssh_connect_retries": 3,
        "ssh_connect_retry_min_delay": 0.5,
        "ssh_connect_retry_max_delay": 2.0,
    }


def test_the_key_may_come_from_the_environment(root):
    (root / "group_data/production.py").unlink()
    seen = through_pyinfra(root, BUNKER_SSH_KEY="/keys/mine")
    assert seen["west"]["ssh"]["ssh_key"] == "/keys/mine"


@pytest.mark.parametrize(
    ("limit", "names"),
    [
        (["north"], {"north"}),
        (["canary"], {"north", "south"}),
        (["*th"], {"north", "south"}),
        (["production"], {"north", "south", "west"}),
        (["west", "canary"], {"north", "south", "west"}),
    ],
)
def test_limit_and_our_selection_choose_alike(root, limit, names):
    assert set(through_pyinfra(root, limit=limit)) == names
    fleet = ours(root)
    hosts = [item for item in limit if item not in fleet.groups]
    groups = [item for item in limit if item in fleet.groups]
    assert {host.name for host in fleet.select(hosts=hosts, groups=groups)} == names


def test_data_from_the_command_line_are_the_strongest(root):
    overrides = [
        "tier=1",
        "application.ref=7",
        'base={"banner": "cli"}',
        "environment.FROM_GROUP=cli",
        "features.media=false",
        "_sudo=false",
        "bunker_tags=base",
    ]
    row = through_pyinfra(root, limit=["north"], data=overrides)["north"]
    host, before = row["host"], ours(root).hosts["north"].model_dump(mode="json")
    assert host["tier"] == 1
    assert host["application"] == {**before["application"], "ref": "7"}
    assert host["base"] == {**before["base"], "banner": "cli"}
    assert host["environment"] == {**before["environment"], "FROM_GROUP": "cli"}
    assert host["features"] == {"media": False}
    assert row["ssh"]["_sudo"] is False


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("tire=1", "tire is not a known key. Perhaps tier was meant"),
        ("tier=3", "tier is 3; expected 1 or 2"),
        ("application.reff=v3", "application.reff is not a known key. Perhaps ref was meant"),
        ("name=other", "a host cannot be renamed by data"),
    ],
)
def test_wrong_data_from_the_command_line_are_refused(root, override, sentence):
    done = through_pyinfra(root, limit=["north"], data=[override], check=False)
    assert done.returncode != 0
    assert sentence in done.stderr


def test_pyinfra_itself_ends_with_a_sentence_for_a_faulty_fleet(root):
    (root / "inventories/production/west.yml").write_text("host: west\ntier: 3\n")
    done = subprocess.run(
        [sys.executable, "-m", "pyinfra", "inventories/production.py", "debug-inventory"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 1
    assert "inventories/production/west.yml:2: tier is 3; expected 1 or 2." in output
    assert "Traceback" not in output


def test_pyinfra_lists_an_empty_fleet(root):
    for file in (root / "inventories/production").iterdir():
        file.unlink()
    assert through_pyinfra(root) == {}
