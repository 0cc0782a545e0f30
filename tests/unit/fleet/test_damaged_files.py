"""Whatever stands where a file of the fleet should be ends in a sentence with its file and line."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bunker.errors import BunkerError, Problems
from bunker.fleet.loader import HOST_FILE_BYTES
from bunker.fleet.settings import load_settings
from bunker.fleet.yaml_file import read_document


def problems(repository) -> list[str]:
    with pytest.raises(Problems) as caught:
        repository.load()
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("port: 0x_", ":4: port cannot be read; expected a whole number."),
        ("port: !!int abc", ":4: port cannot be read; expected a whole number."),
        ("port: " + "9" * 6000, ":4: port cannot be read; expected a whole number."),
        ("port: !!int ２２", ":4: port cannot be read; expected a whole number."),
        ("tier: !!float abc", ":4: tier cannot be read; expected a number."),
        ("base: {automatic_reboot: !!bool maybe}", "base.automatic_reboot cannot be read"),
        ("resources: {api: {cpus: .inf}}", ":4: resources.api.cpus is inf; expected 1024 or less"),
        ("notes: " + "[" * 5000, ":4: this is nested too deeply."),
        ("notes: " + "[" * 30 + "]" * 30, ":4: this is nested too deeply."),
        ("notes:\n  " + "- " * 5000 + "x", ":5: this is nested too deeply."),
        ('notes: "\\ud800"', ":4: notes holds half a character."),
        ('"\\ud800": 1', ":4: this key holds half a character."),
        ('notes: "\\UFFFFFFFF"', "a character is written that does not exist"),
        ("notes: \x01", ":4: this is not valid YAML: the character 0x01 in it."),
        ('"\\e[2J": 1', ":4: \\x1b[2J is not a known key"),
        ('label: "a\\e[2J"', ":4: label is 'a\\x1b[2J'; expected one line without control"),
    ],
)
def test_a_value_that_makes_no_sense_is_named_with_its_line(repository, line, sentence, recwarn):
    repository.host("north", line + "\n")
    (found,) = problems(repository)
    assert sentence in found
    assert "inventories/production/north.yml" in found
    assert not recwarn.list


def test_a_password_that_looks_like_yaml_is_not_repeated(repository):
    for value in ("*hunter2", "!hunter2", "&hunter2 *hunter2", "@hunter2", "%hunter2"):
        repository.host("north", f"environment:\n  SMTP_HOST: {value}\n")
        assert "hunter2" not in "\n".join(problems(repository))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"host: north\nnotes: caf\xe9\n", ":2: the file is not UTF-8 text. Save it as UTF-8."),
        ("host: north\n".encode("utf-16"), ":1: the file is not UTF-8 text"),
        (b"\xed\xa0\x80: 1\n", ":1: the file is not UTF-8 text"),
        (b"#" * (HOST_FILE_BYTES + 1), ": the file is larger than 0.25 MiB."),
    ],
)
def test_a_file_that_is_no_text_of_a_sensible_size(repository, content, sentence):
    repository.host("north").write_bytes(content)
    assert sentence in problems(repository)[0]


def test_a_byte_order_mark_is_no_part_of_the_text(repository):
    path = repository.host("north")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert repository.load().host("north").port == 22


def special(path: Path, kind: str) -> None:
    path.unlink(missing_ok=True)
    if kind == "a named pipe":
        os.mkfifo(path)
    elif kind == "a folder":
        path.mkdir()
    elif kind == "a device":
        path.symlink_to("/dev/zero")
    elif kind == "a socket":
        here = Path.cwd()
        os.chdir(path.parent)  # the path of a socket must be short
        try:
            socket.socket(socket.AF_UNIX).bind(path.name)
        finally:
            os.chdir(here)
    elif kind == "leads nowhere":
        path.symlink_to("nowhere")
    elif kind == "symbolic links":
        path.symlink_to(path.name)


@pytest.mark.parametrize(
    "kind",
    ["a named pipe", "a folder", "a device", "a socket", "leads nowhere", "symbolic links"],
)
@pytest.mark.parametrize("name", ["inventories/production/x.yml", "group_data/x.py"])
def test_only_a_regular_file_is_read_and_nothing_waits(repository, kind, name):
    repository.host("north")
    repository.write(name, "")
    special(repository.root / name, kind)
    (found,) = problems(repository)
    assert name in found
    assert kind in found


@pytest.mark.parametrize("kind", ["a named pipe", "a folder", "a device"])
def test_known_hosts_and_settings_are_regular_files(repository, kind):
    repository.host("north")
    special(repository.folder / "known_hosts", kind)
    (found,) = problems(repository)
    assert found.startswith(f"inventories/production/known_hosts: this is {kind}")
    special(repository.folder / "fleet.settings.yaml", kind)
    with pytest.raises(BunkerError, match=f"fleet.settings.yaml: this is {kind}"):
        load_settings(repository.folder)


def test_known_hosts_that_are_no_text(repository):
    repository.host("north")
    (repository.folder / "known_hosts").write_bytes(b"# ours\n\xff\n")
    assert problems(repository)[0].startswith("inventories/production/known_hosts:2: the file is")
    # What Python takes for the end of a line, ssh does not.
    (repository.folder / "known_hosts").write_text("a ssh-rsa AAAA\x0bb ssh-rsa \u2028é\n")
    assert repository.load().hosts


def test_a_fleet_whose_folder_is_a_file(tmp_path, repository):
    repository.write("inventories/other.py", "")
    repository.write("inventories/other", "")
    from bunker.fleet import load_fleet

    with pytest.raises(BunkerError, match=r"inventories/other: the folder cannot be read"):
        load_fleet(repository.root, "other")


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("import sys\nsys.exit()", ":2: the file ended the program"),
        ("import sys\ndef stop():\n    sys.exit('x')\nstop()", ":3: the file ended the program"),
        ("raise SystemExit(0)", ":1: the file ended the program"),
        ("tags = x", ":1: reading the file failed: NameError: name 'x' is not defined"),
        ("\n\nbase = 1 / 0", ":3: reading the file failed: ZeroDivisionError"),
        ("class Odd(BaseException):\n    pass\nraise Odd", ":3: reading the file failed: Odd"),
        ("raise GeneratorExit", ":1: reading the file failed: GeneratorExit"),
        (
            "class Odd(Exception):\n    def __str__(self): return 1 / 0\nraise Odd",
            ":3: reading the file failed: Odd",
        ),
        ("def deeper():\n    deeper()\ndeeper()", ":2: reading the file failed: RecursionError"),
        ("import itertools\ntags = itertools.count()", ":2: tags holds a value of the type count"),
        ("base = {}\nbase['banner'] = base", ":1: base holds something that is nested too deeply"),
        ("features = {1: True}", ":1: features holds a key that is no text"),
        ("application = {'ref': open}", ":1: application holds a value of the type builtin"),
        ("__all__ = 5", ":1: __all__ is not right"),
        ("__all__ = ['tags']", ":1: __all__ is not right"),
        ("tags = ['a\x00']", "group_data/all.py"),
        ("tags = " + "(" * 5000, "group_data/all.py"),
        ("ssh_password = 'hunter2'", ":1: ssh_password is a secret"),
        ("tier = " + "9" * 5000, "group_data/all.py"),
    ],
)
def test_group_data_that_go_wrong_are_named_with_file_and_line(repository, source, sentence):
    repository.host("north")
    repository.write("group_data/all.py", source + "\n")
    (found,) = problems(repository)
    assert found.startswith("group_data/all.py")
    assert sentence in found
    assert "hunter2" not in found


def test_an_interrupt_while_group_data_are_read_stays_one(repository):
    repository.host("north")
    repository.write("group_data/all.py", "raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        repository.load()


SECRETS = (
    "environment: {SMTP_PASS: hunter2}",
    "environment: {SMTP_PASS: [hunter2]}",
    "environment: {DEPLOY_KEY: hunter2}",
    "environment: {MY_TOKEN: hunter2}",
    "environment: {SMTP_PASSWORD: hunter2}",
    "environment: {smtp_pass: hunter2}",
    "environment: {SMTP_HOST: 'smtp://ops:hunter2@mail.example.org'}",
    "environment: {PANGOLIN_API_URL: 'https://hunter2@example.org'}",
    "environment: {PANGOLIN_API_URL: 'https://example.org/?api_key=hunter2'}",
    "application: {repository: 'https://hunter2@git.example.org/x.git'}",
    "application: {repository: 'https://me:hunter2@git.example.org/x.git'}",
    "application: {repository: 'ssh://git:hunter2@git.example.org/x.git'}",
    "docker: {registry_mirrors: ['https://me:hunter2@mirror.example.org']}",
    "docker: {insecure_registries: ['https://hunter2@mirror.example.org']}",
    "notes: admin page at https://me:hunter2@example.org",
    "label: https://hunter2@example.org",
    "base: {banner: 'see https://hunter2@example.org'}",
    "base: {firewall: [{port: 1, note: 'https://hunter2@example.org'}]}",
)


@pytest.mark.parametrize("line", SECRETS)
def test_a_secret_in_a_plain_file_is_refused_and_not_repeated(repository, line):
    repository.host("north", line + "\n")
    text = "\n".join(problems(repository))
    assert "inventories/production/north.yml:4: " in text
    assert "hunter2" not in text


def test_a_secret_of_the_environment_says_where_it_belongs(repository):
    repository.host("north", "environment:\n  SMTP_PORT: 25\n  SMTP_PASS: hunter2\n")
    assert problems(repository) == [
        "inventories/production/north.yml:6: environment.SMTP_PASS is a secret and must not stand"
        " in a plain file. Remove it and run `invoke secrets.set --key SMTP_PASS --host north`;"
        " the value that stood there counts as disclosed."
    ]


def test_a_secret_in_group_data_is_told_once(repository):
    for number in (1, 2):
        repository.host(f"n{number}", "groups: [changemaker, canary]\n", number=number)
    repository.write("group_data/canary.py", "environment = {'SMTP_PASS': 'hunter2'}\n")
    (found,) = problems(repository)
    assert found.startswith("group_data/canary.py:1: environment.SMTP_PASS is a secret")


def test_addresses_without_a_secret_are_accepted(repository):
    repository.host(
        "north",
        """\
        notes: ask ops@example.org, see https://example.org/@ops?page=2#top
        application: {repository: 'ssh://git@git.example.org:2222/x.git'}
        environment: {PANGOLIN_API_URL: 'https://example.org:8443/a?b=c'}
        """,
    )
    repository.host(
        "south", "application: {repository: 'https://oauth2@git.example.org/x'}\n", number=2
    )
    assert len(repository.load().hosts) == 2


BITS = (
    *("host", "a", ":", ",", "\n", "-", "[", "]", "{", "}", "?", "#", "---", "...", "%YAML"),
    *("!!int", "!!float", "!!bool", "!!set", "!!binary", "!!timestamp", "!x", "&a", "*a", "<<"),
    *("|", ">", '"', "'", '"\\ud800"', '"\\U00110000"', "\ufeff", "\u2028", "\t", "\x00"),
    *("0x_", "0b_", "~", "=", ".inf"),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.binary(max_size=60)
    | st.text(max_size=60).map(str.encode)
    | st.lists(
        st.sampled_from(BITS),
        max_size=14,
    ).map(lambda parts: " ".join(parts).encode())
)
def test_any_bytes_load_or_end_in_sentences(tmp_path_factory, content):
    folder = tmp_path_factory.getbasetemp() / "fuzz"
    folder.mkdir(exist_ok=True)
    (folder / "fleet.settings.yaml").write_bytes(content)
    try:
        load_settings(folder)
    except BunkerError as error:
        assert str(error).encode()
    for problem in read_document(content.decode(errors="replace"), "x.yml").problems:
        assert str(problem).encode()


def test_the_names_of_files_cannot_write_to_the_terminal(repository):
    repository.host("north")
    (repository.folder / "a\x1b[2J.yml").write_text("host: a\n")
    (repository.folder / os.fsdecode(b"b\xff.yml")).write_text("host: b\n")
    text = "\n".join(problems(repository))
    assert "a\\x1b[2J.yml" in text
    assert "b\\udcff.yml" in text
    assert text.encode()
