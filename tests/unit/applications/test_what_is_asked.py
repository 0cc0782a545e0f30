"""What stands on the command line takes the place of what the host's file says."""

from __future__ import annotations

from typing import Any

import pytest

from bunker.applications.asked import parse_settings, with_asked
from bunker.applications.of_host import application_of
from bunker.errors import BunkerError
from bunker.fleet.models import Host
from bunker.runs.kinds import KINDS
from deploys.compose.files import compose_bundle

IMAGE = "registry.example.org/web@sha256:" + "a" * 64


def host(**more: Any) -> Host:
    data = {"name": "north", "address": "192.0.2.1", "domain": "north.example.org"}
    entry = {"kind": "compose", "folder": "wiki", "set": {"services.web.read_only": True}}
    return Host.model_validate(
        {**data, "groups": ["changemaker"], "applications": {"wiki": entry | more}}
    )


def test_values_are_read_as_in_a_hosts_file():
    given = [f"services.web.image={IMAGE}", "services.web.replicas=2", "services.web.init=true"]
    assert parse_settings([*given, 'services.web.user="0"', "services.web.dns=[a, b]"]) == {
        "services.web.image": IMAGE,
        "services.web.replicas": 2,
        "services.web.init": True,
        "services.web.user": "0",
        "services.web.dns": ("a", "b"),
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("services.web.image", "--set services.web.image: this is not right"),
        ("services.web.image=", "expected PATH=VALUE"),
        ("image=web:2", "a path in the Compose file such as services.web.image"),
        ("services.web.image={a: b}", "--set services.web.image: this is not right"),
        ("services.web.image=a\nx: b", "this is not right"),
        ("services.web.image=a: b", "this is not right"),
        ("services.web.x=https://me:hunter2hunter2@example.org/", "this is not right"),
    ],
)
def test_what_cannot_be_one_is_refused_in_a_sentence_that_does_not_repeat_it(given, said):
    with pytest.raises(BunkerError) as caught:
        parse_settings([given])
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("text", ["foo # bar", "|", ">", "1e999", "&a b", "a: b", "*", "#"])
def test_quotes_keep_any_text_exactly(text):
    assert parse_settings([f"services.web.image='{text}'"]) == {"services.web.image": text}


@pytest.mark.parametrize("text", ["foo#bar", "v1.10-rc", "12:30", "on", "1e999x", "infinf"])
def test_a_text_that_yaml_takes_whole_needs_no_quotes(text):
    assert parse_settings([f"services.web.image={text}"]) == {"services.web.image": text}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("foo # bar", "# begins a comment"),
        ("[a, b] # c", "# begins a comment"),
        ("|", "| begins a text of several lines"),
        (">-", "> begins a text of several lines"),
        ("1e999", "this is no number that a file can hold"),
        (".inf", "this is no number"),
        (".nan", "this is no number"),
        ("&a b", "& begins a name"),
    ],
)
def test_a_value_of_which_yaml_would_lose_a_part_is_refused_and_never_cut(value, said):
    with pytest.raises(BunkerError) as caught:
        parse_settings([f"services.web.image={value}"])
    assert str(caught.value).startswith(f"--set services.web.image: {said}")
    assert "quotes around the value" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "given", ["services.web.environment.DB_PASSWORD=hunter2", "services.web.environment=[TOKEN=h2]"]
)
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(given):
    with pytest.raises(BunkerError, match="this is a secret and must not stand in") as caught:
        parse_settings([given])
    assert "invoke secrets.set" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    path, _equals, _value = given.partition("=")
    assert parse_settings([f"{path}.PASSWORD=${{DB_PASSWORD}}"])


def test_the_same_path_twice_is_refused():
    with pytest.raises(BunkerError, match="this is given twice"):
        parse_settings(["services.web.image=a", "services.web.image=b"])


def test_it_is_set_beside_what_the_file_sets_and_wins():
    asked = with_asked(host(), "wiki", None, ["services.web.image=web:2"])
    assert asked.applications["wiki"].set_values == {
        "services.web.read_only": True,
        "services.web.image": "web:2",
    }
    assert asked.application == host().application
    source = {"folder": None, "repository": "https://git.example.org/wiki"}
    off = with_asked(host(**source), "wiki", "v2", ["services.web.read_only=false"])
    assert off.applications["wiki"].set_values == {"services.web.read_only": False}
    assert off.applications["wiki"].ref == "v2"


def test_files_of_the_fleet_have_no_ref():
    with pytest.raises(BunkerError) as caught:
        with_asked(host(), "wiki", "v2", [])
    assert str(caught.value) == (
        "--ref: wiki of north has no ref: it is as the fleet's files are. "
        "Leave it out; the code is in files/wiki."
    )


def test_a_kind_that_has_none_refuses_it_in_one_sentence():
    with pytest.raises(BunkerError) as caught:
        with_asked(host(), "changemaker", None, ["services.api.image=x"])
    assert str(caught.value) == (
        "changemaker of north is of a kind that takes no --set; expected an application of the kind"
        " compose."
    )


@pytest.mark.parametrize("paths", [("services.web", "services.web.image"), ("services.web.image",)])
def test_a_key_and_a_part_of_it_cannot_both_be_set(paths):
    asked = with_asked(host(), "wiki", None, [f"{path}=x" for path in paths])
    view = application_of(asked, "wiki").host
    if len(paths) == 1:
        assert compose_bundle(view, {})
        return
    with pytest.raises(BunkerError, match=r"services\.web.* is set, and so is a part of it"):
        compose_bundle(view, {})


@pytest.mark.parametrize("name", ["upgrade", "canary", "rollout", "deploy"])
def test_runs_carry_it_as_it_is_typed_commas_included(name):
    kind = KINDS[name]
    given = ("services.web.dns=[a,b]", "services.web.image=web:2")
    arguments = kind.make({"app": "wiki", "set": list(given)})
    assert kind.work(arguments).settings == given
    words = list(kind.words(arguments))
    assert words == ["--app", "wiki", "--set", given[0], "--set", given[1]]
