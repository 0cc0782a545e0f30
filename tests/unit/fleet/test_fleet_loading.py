"""What a faulty fleet says: one sentence for each fault, with place, found and expected."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bunker.errors import BunkerError, Problems
from bunker.fleet import default_fleet_name, load_fleet


def problems(repository, **options) -> list[str]:
    with pytest.raises(Problems) as caught:
        repository.load(**options)
    return [str(problem) for problem in caught.value.problems]


def test_a_good_fleet_loads(repository):
    repository.host("south", number=2)
    repository.host("north", "tier: 2\ngroups: [changemaker, canary]\nport: 2222\n")
    fleet = repository.load()
    assert list(fleet.hosts) == ["north", "south"]
    north = fleet.host("north")
    assert (north.tier, north.port, north.user) == (2, 2222, "deploy")
    assert fleet.groups["canary"] == ("north",)
    assert fleet.groups["all"] == fleet.groups["production"] == ("north", "south")
    assert fleet.known_hosts == repository.folder.resolve() / "known_hosts"


def test_an_empty_fleet_loads_without_a_folder(tmp_path):
    (tmp_path / "inventories").mkdir()
    (tmp_path / "inventories/production.py").write_text("")
    assert load_fleet(tmp_path, "production").hosts == {}


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("tier: 3", "inventories/production/north.yml:4: tier is 3; expected 1 or 2."),
        ("tier: true", "north.yml:4: tier is True; expected a number."),
        ("port: 0", "north.yml:4: port is 0; expected 1 or more."),
        ("port: 70000", "north.yml:4: port is 70000; expected 65535 or less."),
        ("port: ssh", "north.yml:4: port is 'ssh'; expected a whole number."),
        ("tire: 2", "north.yml:4: tire is not a known key. Perhaps tier was meant."),
        ("name: north", "north.yml:4: name is not a known key. Perhaps host was meant."),
        ("user: -oProxyCommand=x", "north.yml:4: user is '-oProxyCommand=x'; expected text"),
        ("label: 1.10", "north.yml:4: label is 1.1; expected text (a number or date as text"),
        ("groups: [all]", "north.yml:4: groups.0 is 'all'; expected another name"),
        (
            "groups: [changemaker, production]",
            "north.yml:4: groups: production is the name of the fleet",
        ),
        ("groups: canary", "north.yml:4: groups is 'canary'; expected a list."),
        ("groups: [b, a, b]", "expected each name once; b stands there twice"),
        ("tags: [Two Words]", "north.yml:4: tags.0 is 'Two Words'; expected lower-case letters"),
        ("base: {tiemzone: UTC}", "base.tiemzone is not a known key. Perhaps timezone was meant."),
        (
            "base:\n  firewall:\n    - port: 8443\n      protcol: udp",
            "north.yml:7: base.firewall.0.protcol is not a known key. Perhaps protocol was meant.",
        ),
        ("resources: {api: {memory: lots}}", "resources.api.memory is 'lots'; expected text of"),
        ("resources: {api: {cpu: 1}}", "resources.api.cpu is not a known key. Perhaps cpus was"),
        ("environment: {smtp_host: x}", "expected names in capitals such as SMTP_HOST"),
        ("environment:\n  SMTP_HOST:", "north.yml:5: environment.SMTP_HOST has no value"),
        ("features: {media: maybe}", "features.media is 'maybe'; expected true or false."),
        ("application: {directory: /opt/../etc}", "expected an absolute path without .. in it"),
        ("application: {ref: ''}", "application.ref is ''; expected a branch, a tag or a"),
        ("application: {ref: --upload-pack=x}", "expected no leading dash and no blanks"),
        ("base: {fail2ban_ignore: [300.1.1.1]}", "expected an address or a network"),
        ("tier: 1\ntier: 2", "north.yml:5: tier stands on line 4 already. Keep one of the two."),
        ("tags: &x [*x]", "north.yml:4: anchors and aliases (& and *) are not supported here"),
        ("notes: !!python/object:os.system {}", "north.yml:4: "),
        (
            "tier: 1\n  port: 22",
            "north.yml:5: this is not valid YAML: mapping values are not allowed",
        ),
        ("notes: [unclosed", "this is not valid YAML"),
        ("? [a, b]\n: c", "this key is not plain text"),
    ],
)
def test_one_fault_gives_one_sentence_with_its_place(repository, line, sentence):
    repository.host("north", line + "\n")
    found = problems(repository)
    assert len(found) == 1, found
    assert sentence in found[0]
    assert "inventories/production/north.yml" in found[0]


@pytest.mark.parametrize("domain", ["north", "-a.example.org", "a..org", "ex ample.org", "1.2.3.4"])
def test_a_bad_domain_is_named(repository, domain):
    path = repository.host("north")
    path.write_text(path.read_text().replace("north.example.org", f'"{domain}"'))
    (sentence,) = problems(repository)
    assert f"north.yml:3: domain is '{domain}'; expected a domain name" in sentence


def test_a_password_in_the_repository_address_is_refused_and_not_repeated(repository):
    repository.host("north", "application: {repository: 'https://me:hunter2@example.org/x.git'}\n")
    (sentence,) = problems(repository)
    assert "expected no password or token in it" in sentence
    assert "hunter2" not in sentence


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n- b\n", "just text\n"])
def test_a_file_that_is_no_mapping(repository, text):
    repository.host("north").write_text(text)
    (sentence,) = problems(repository)
    assert "expected `host: NAME` first" in sentence


def test_a_file_that_is_not_utf8(repository):
    repository.host("north").write_bytes(b"host: n\xff\n")
    assert "north.yml:1: the file is not UTF-8 text" in problems(repository)[0]


def test_everything_is_listed_at_once(repository):
    repository.host("north", "tier: 3\nprot: 22\n")
    repository.host("south", number=1).write_text("host: east\naddress: 203.0.113.9\n")
    (repository.folder / "west.yaml").write_text("host: west\n")
    repository.write("group_data/all.py", "tagz = []\ndomain = 'x.org'\n")
    repository.write("group_data/canary.py", "base = {\n")
    repository.write("group_data/broken.py", "base = 1 / 0\n")
    (repository.folder / "north.sops.yml").unlink()
    text = "\n".join(problems(repository))
    for part in (
        "group_data/all.py:1: tagz is not a known key. Perhaps tags was meant",
        "group_data/all.py:2: domain belongs to one host, not to a group",
        "group_data/canary.py:1: this is not valid Python",
        "group_data/broken.py:1: reading the file failed: ZeroDivisionError",
        "north.yml:4: tier is 3; expected 1 or 2",
        "north.yml:5: prot is not a known key. Perhaps port was meant",
        "south.yml:1: host is 'east': the file of another host; expected `host: south`",
        "south.yml: domain is missing",
        "west.yaml: host files end in .yml. Rename it to west.yml",
        "inventories/production/north.sops.yml: the secrets file is missing",
    ):
        assert part in text


def test_names_domains_and_addresses_are_unique(repository):
    repository.host("north", number=1)
    repository.host("south", number=1)
    repository.host("west", number=3)
    text = (repository.folder / "west.yml").read_text()
    (repository.folder / "west.yml").write_text(text.replace("west.example", "NORTH.example"))
    found = problems(repository)
    assert len(found) == 2
    assert (
        "west.yml:3: domain north.example.org belongs to inventories/production/north.yml:3 already"
    ) in found[0]
    assert "south.yml:2: address 203.0.113.1 port 22 belongs to" in found[1]


def test_one_address_with_two_ports_is_two_servers(repository):
    repository.host("north", number=1)
    repository.host("south", "port: 2222\n", number=1)
    assert len(repository.load().hosts) == 2


def test_a_copied_host_file_is_a_duplicate_name(repository):
    path = repository.host("north")
    (repository.folder / "south.yml").write_text(path.read_text())
    text = "\n".join(problems(repository))
    assert "the name north is taken by inventories/production/north.yml already" in text


def test_a_broken_line_in_known_hosts_is_named(repository):
    repository.host("north")
    repository.write("inventories/production/known_hosts", "# ours\n203.0.113.1 ssh-rsa AAA!\n\n")
    (sentence,) = problems(repository)
    assert sentence.startswith("inventories/production/known_hosts:2: this is not a host key")


def test_secrets_are_asked_for_only_where_needed(repository):
    repository.host("north")
    (repository.folder / "north.sops.yml").unlink()
    assert repository.load(require_secrets=False).host("north")
    (sentence,) = problems(repository)
    assert sentence.startswith("inventories/production/north.sops.yml: the secrets file is missing")


def test_values_of_the_environment_stay_as_they_are_written(repository):
    repository.host(
        "north",
        """\
        environment:
          VERSION: 1.10
          PORT: 08080
          ON: TRUE
          EMPTY: ""
          DATE: 2024-01-01
        """,
    )
    environment = repository.load().host("north").environment
    assert environment == {
        "VERSION": "1.10",
        "PORT": "08080",
        "ON": "true",
        "EMPTY": "",
        "DATE": "2024-01-01",
    }


def test_a_key_without_a_value_counts_as_not_written(repository):
    repository.host("north", "features:\nlabel:\nbase:\n  timezone:\n")
    north = repository.load().host("north")
    assert (north.features, north.label, north.base.timezone) == ({}, "", "UTC")


def test_a_bad_value_in_group_data_names_the_group_file(repository):
    repository.host("north", "groups: [canary]\n", number=1)
    repository.host("south", "groups: [canary]\n", number=2)
    repository.write("group_data/canary.py", "\nbase = {'timezone': 5}\n")
    (sentence,) = problems(repository)
    assert sentence.startswith("group_data/canary.py:2: base.timezone is 5; expected text")


def test_group_data_are_checked_before_a_host_joins_the_group(repository):
    repository.host("north", "base: {banner: x}\n")
    repository.write("group_data/nobody.py", "application = {'reff': 'v2'}\n")
    repository.write("group_data/all.py", "base = ['timezone']\ntags = ['a b']\n")
    assert [sentence.split(".", 1)[0] for sentence in problems(repository)] == [
        "group_data/all",
        "group_data/all",
        "group_data/nobody",
    ]


def test_the_default_fleet(repository, monkeypatch, tmp_path):
    assert default_fleet_name(repository.root) == "production"
    repository.write("inventories/staging.py", "")
    repository.write("inventories/staging/a.yml", "host: a\n")
    repository.write("inventories/staging/.sops.yaml", "")
    assert default_fleet_name(repository.root) == "staging"
    repository.host("north")
    assert default_fleet_name(repository.root) == "production"
    monkeypatch.setenv("BUNKER_FLEET", "staging")
    assert default_fleet_name(repository.root) == "staging"
    monkeypatch.setenv("BUNKER_FLEET", "stagign")
    meant = r"no fleet 'stagign'. Perhaps staging was meant. There are: production, staging"
    with pytest.raises(BunkerError, match=meant):
        default_fleet_name(repository.root)


def test_an_unknown_fleet_lists_those_there_are(repository):
    with pytest.raises(BunkerError, match=r"There are: production\."):
        load_fleet(repository.root, "prod")


def test_the_ssh_key_comes_from_the_fleet_else_from_the_environment(repository, monkeypatch):
    repository.host("north")
    assert repository.load().ssh_key is None
    monkeypatch.setenv("BUNKER_SSH_KEY", "/keys/operator")
    assert repository.load().ssh_key == Path("/keys/operator")
    repository.write("group_data/production.py", "ssh_key = '.lab/key'\n")
    assert repository.load().ssh_key == repository.root.resolve() / ".lab/key"


def test_five_hundred_files_load_fast(repository):
    body = """\
    tier: 2
    groups: [changemaker, canary]
    tags: [eu, small]
    base:
      timezone: Europe/Paris
      firewall:
        - {port: 8443, note: admin}
    application: {ref: v2}
    features: {media: true, listmonk: false}
    environment: {SMTP_HOST: mail.example.org, API_PORT: 4000}
    resources: {api: {memory: 512m, cpus: 1.5}}
    """
    for number in range(500):
        path = repository.host(f"n{number}", body)
        address = f"10.1.{number // 250}.{number % 250 + 1}"
        path.write_text(path.read_text().replace("203.0.113.1", address))
    start = time.process_time()
    assert len(repository.load().hosts) == 500
    # Measured: 0.9 s of processor time; the bound leaves room for a slower machine.
    assert time.process_time() - start < 3
