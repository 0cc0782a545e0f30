"""Several applications in one host's file: what is refused, and where."""

from __future__ import annotations

import pytest

from bunker.errors import Problems


def refusal(repository, more: str, name: str = "north", number: int = 1) -> str:
    repository.host(name, more, number=number)
    with pytest.raises(Problems) as caught:
        repository.load()
    return str(caught.value)


BARE = "groups: [changemaker]\napplications:\n  staging:\n    kind: changemaker\n"
PORTS = (
    "{NGINX_HTTP_PORT: 8080, NGINX_HTTPS_PORT: 8443, API_PORT: 4010, ADMIN_PORT: 3100,"
    " V2_POSTGRES_PORT: 5443, REDIS_PORT: 6389}"
)
ENTRY = f"{BARE}    environment: {PORTS}\n"
WIKI = "applications:\n  wiki:\n    kind: compose\n    folder: wiki\n    ports: [8088, 443]\n"


@pytest.mark.parametrize("name", ["a--b", "-a", "a-", "A", "a_b", "a" * 33])
def test_a_name_leads_to_one_prefix_of_secrets(repository, name):
    text = f"applications:\n  {name!r}: {{kind: compose, folder: x}}\n"
    found = refusal(repository, text)
    assert "single dashes between them" in found
    assert len(found.splitlines()) == 1 or "(1)" in found


def test_another_application_is_taken(repository):
    repository.host("north", ENTRY)
    assert repository.load().host("north").applications["staging"].project == "staging"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("    project: changemaker-lite\n", "applications.staging.project is changemaker-lite"),
        ("    directory: /opt/changemaker-lite/x\n", "that of changemaker is /opt/changemaker"),
        ("    directory: /opt\n", "applications.staging.directory is /opt"),
    ],
)
def test_two_in_one_place_are_refused_with_the_line(repository, more, said):
    found = refusal(repository, ENTRY + more)
    assert said in found
    assert "north.yml:9" in found


def test_an_unknown_key_of_an_entry_is_named_with_what_was_meant(repository):
    found = refusal(repository, ENTRY + "    projekt: x\n")
    assert "north.yml:9: applications.staging.projekt is not a known key" in found
    assert "project" in found


def test_an_unknown_kind_is_named_with_those_that_there_are(repository):
    found = refusal(repository, "applications:\n  wiki:\n    kind: podman\n")
    assert "north.yml:6" in found
    assert "changemaker" in found


def test_a_secret_in_its_environment_is_refused_and_not_repeated(repository):
    more = "    environment:\n      JWT_ACCESS_SECRET: hunter2hunter2\n"
    found = refusal(repository, BARE + more)
    assert "applications.staging.environment.JWT_ACCESS_SECRET is a secret" in found
    assert "--key STAGING__JWT_ACCESS_SECRET --host north" in found
    assert "hunter2" not in found


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ("environment: {DB_PASSWORD: hunter2}", "environment.DB_PASSWORD"),
        ("environment: {REDIS_PASSWORD: hunter2}", "environment.REDIS_PASSWORD"),
        ("set: {services.web.environment.DB_PASSWORD: hunter2}", "set.services.web.environment.D"),
        ("set: {services.web.environment.db-password: -hunter2}", "set.services.web.environment.d"),
        ("set: {services.web.environment: [A=b, DB_PASSWORD=hunter2]}", "set.services.web.envi"),
    ],
)
def test_a_secret_of_a_project_is_refused_with_what_to_do_and_not_repeated(repository, more, key):
    found = refusal(repository, f"groups: []\n{WIKI}    {more}\n")
    name = "REDIS_PASSWORD" if "REDIS" in more else "DB_PASSWORD"
    assert f"north.yml:10: applications.wiki.{key}" in found
    assert (
        f"is a secret and must not stand in a plain file. Remove it, name {name} under `secrets:` "
        f"of wiki, and run `invoke secrets.set --host north --key WIKI__{name}`; the value" in found
    )
    assert "hunter2" not in found


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{a: hunter2}", "a text, a number, true, false or a list of texts"),
        ("[a, {b: hunter2}]", "a text, a number, true, false or a list of texts"),
        ("[a, [hunter2]]", "a text, a number, true, false or a list of texts"),
        ("https://me:hunter2@example.org/", "no password or token in it"),
    ],
)
def test_a_value_that_cannot_be_set_is_one_sentence(repository, value, expected):
    more = f"    set: {{services.web.ports: {value}}}\n"
    found = refusal(repository, f"groups: []\n{WIKI}{more}")
    assert "north.yml:10: applications.wiki.set.services.web.ports is " in found
    assert f"; expected {expected}" in found
    assert len(found.splitlines()) == 2
    assert "hunter2" not in found


def test_what_is_set_may_name_the_variable_that_a_secret_comes_in(repository):
    given = {"services.web.environment.DB_PASSWORD": "${DB_PASSWORD:?}", "services.web.x": "$Y"}
    repository.host("north", f"groups: []\n{WIKI}    set: {given}\n    secrets: [DB_PASSWORD]\n")
    assert repository.load().host("north").applications["wiki"].set_values == given


def test_values_of_its_environment_stay_as_they_are_written(repository):
    repository.host("north", ENTRY.replace("{NGINX", "{VERSION: 1.10, NGINX"))
    staging = repository.load().host("north").applications["staging"]
    assert staging.environment["VERSION"] == "1.10"


def test_ports_that_two_take_are_one_sentence_with_their_keys(repository):
    found = refusal(repository, BARE + "    environment: {NGINX_HTTP_PORT: 8080}\n")
    (line,) = [row for row in found.splitlines() if "takes ports" in row]
    assert "north.yml:8: staging takes ports 5433 (environment.V2_POSTGRES_PORT), 6379" in line
    assert "443 (environment.NGINX_HTTPS_PORT), as changemaker does" in line
    assert "8080" not in line


def test_a_port_of_a_project_is_refused_where_an_instance_has_it(repository):
    found = refusal(repository, "groups: [changemaker]\n" + WIKI)
    assert "north.yml:9: wiki takes port 443 (ports), as changemaker does" in found
    repository.host("north", "groups: []\nroles: {changemaker: false}\n" + WIKI)
    assert repository.load().host("north").applications["wiki"].ports == (8088, 443)


def test_the_port_of_sshd_is_taken(repository):
    more = "groups: []\nbase: {ssh_listen_port: 8088}\n" + WIKI
    assert "wiki takes port 8088 (ports), as sshd does" in refusal(repository, more)


def test_secrets_of_a_host_that_needs_none_are_read_where_it_has_some(repository):
    source = "applications: {wiki: {kind: compose, repository: 'https://git.example.org/x.git'}}\n"
    path = repository.host("north", f"groups: []\n{source}")
    fleet = repository.load()
    assert fleet.with_secrets(fleet.hosts.values()) == ["north"]
    path.with_name("north.sops.yml").unlink()
    fleet = repository.load()
    assert fleet.with_secrets(fleet.hosts.values()) == []


@pytest.mark.parametrize("key", ["COMPOSE_FILE", "BUNKER_HEALTH_URL", "COMPOSE_ENV_FILES"])
@pytest.mark.parametrize(
    ("more", "line", "said"),
    [
        ("environment: {{{}: x}}", 10, "wiki.environment.{} is no name for it"),
        ("secrets: [{}]", 10, "wiki.secrets.0 is '{}'"),
    ],
)
def test_a_key_that_is_ours_is_refused_in_one_sentence(repository, key, more, line, said):
    found = refusal(repository, f"groups: []\n{WIKI}    {more.format(key)}\n")
    assert found.endswith(
        f"north.yml:{line}: applications.{said.format(key)}; "
        f"expected another key: {key} belongs to Bunker Ops."
    )
    assert len(found.splitlines()) == 2


@pytest.mark.parametrize("name", ["base", "docker", "earlyoom", "compose", "env", "all", "os"])
def test_a_name_that_stands_for_a_part_of_hosts_is_refused_in_one_sentence(repository, name):
    found = refusal(repository, f"applications:\n  {name}: {{kind: compose, folder: x}}\n")
    assert found.endswith(
        f"north.yml:5: applications.{name} is no name for it; "
        f"expected another name than {name}, which stands for a part of hosts."
    )
    assert len(found.splitlines()) == 2


@pytest.mark.parametrize(
    "directory",
    [
        "/",
        "/etc",
        "/root",
        "/var",
        "/var/lib/docker",
        "/var/lib/bunker/x",
        "/usr/local/x",
        "/run/x",
    ],
)
@pytest.mark.parametrize("where", ["application: ", "applications:\n  wiki: "])
def test_no_application_stands_in_a_folder_of_the_system(repository, where, directory):
    kind = "kind: compose, folder: x, " if "wiki" in where else ""
    found = refusal(repository, f"{where}{{{kind}directory: {directory}}}\n")
    assert f"directory is '{directory}'" in found
    assert len(found.splitlines()) == 2


@pytest.mark.parametrize("directory", ["/root/wiki", "/home/ana/wiki", "/var/lib/wiki", "/wiki"])
def test_any_other_folder_may_be_that_of_an_application(repository, directory):
    repository.host("north", f"application: {{directory: {directory}}}\n")
    assert repository.load().host("north").application.directory == directory


def test_a_role_that_an_application_needs_cannot_be_switched_off(repository):
    found = refusal(repository, f"groups: []\nroles: {{docker: false}}\n{WIKI}")
    assert "north.yml:5: roles.docker is false, and the application wiki needs it." in found


def test_a_domain_belongs_to_one_application_of_the_fleet(repository):
    second = "  second: {kind: changemaker, domain: 2.example.org, project: x, directory: /x}\n"
    third = second.replace("second", "third").replace("project: x, directory: /x", "project: y")
    found = refusal(repository, ENTRY + "    domain: north.example.org\n" + second + third)
    assert "north.yml:9: domain north.example.org belongs to inventories/production/north" in found
    assert "north.yml:11: domain 2.example.org belongs to inventories/production/north.yml:10" in (
        found
    )
    repository.host("north", ENTRY + "    domain: south.example.org\n")
    found = refusal(repository, "", "south", 2)
    assert (
        "south.yml:3: domain south.example.org belongs to inventories/production/north.yml:9"
        in (found)
    )
    alone = "groups: []\nroles: {changemaker: false}\n"
    own = "applications: {staging: {kind: changemaker, domain: south.example.org}}\n"
    repository.host("north")
    repository.host("south", alone + own, number=2)
    assert list(repository.load().hosts) == ["north", "south"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("kind: compose", "is not right; expected one of repository and folder: neither is given."),
        (
            "kind: compose, folder: x, repository: 'https://git.example.org/x'",
            "is not right; expected one of repository and folder: both are given.",
        ),
        (
            "kind: compose, folder: x, ref: v1",
            "is not right; expected no ref beside folder: it is as the fleet's files are.",
        ),
        (
            "kind: compose, folder: ../x",
            ".folder is '../x'; expected a path such as web/app.yml, without . and .. in it.",
        ),
        (
            "kind: compose, folder: x, health_timeout_seconds: {a: 1}",
            ".health_timeout_seconds is a section; expected a number.",
        ),
    ],
)
def test_what_is_wrong_with_an_entry_is_one_sentence(repository, entry, said):
    found = refusal(repository, f"applications:\n  wiki: {{{entry}}}\n")
    assert found.splitlines()[1:] == [
        f"  - inventories/production/north.yml:5: applications.wiki{' ' * (said[0] == 'i')}{said}"
    ]
