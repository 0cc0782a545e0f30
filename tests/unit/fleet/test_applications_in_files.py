"""Several applications in one host's file: what is refused, and where."""

from __future__ import annotations

import pytest

from bunker.errors import Problems


def refusal(repository, more: str) -> str:
    repository.host("north", more)
    with pytest.raises(Problems) as caught:
        repository.load()
    return str(caught.value)


ENTRY = "groups: [changemaker]\napplications:\n  staging:\n    kind: changemaker\n"


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
    assert "north.yml:8" in found


def test_an_unknown_key_of_an_entry_is_named_with_what_was_meant(repository):
    found = refusal(repository, ENTRY + "    projekt: x\n")
    assert "north.yml:8: applications.staging.projekt is not a known key" in found
    assert "project" in found


def test_an_unknown_kind_is_named_with_those_that_there_are(repository):
    found = refusal(repository, "applications:\n  wiki:\n    kind: podman\n")
    assert "north.yml:6" in found
    assert "changemaker" in found


def test_a_secret_in_its_environment_is_refused_and_not_repeated(repository):
    more = "    environment:\n      JWT_ACCESS_SECRET: hunter2hunter2\n"
    found = refusal(repository, ENTRY + more)
    assert "applications.staging.environment.JWT_ACCESS_SECRET is a secret" in found
    assert "hunter2" not in found


def test_values_of_its_environment_stay_as_they_are_written(repository):
    repository.host("north", ENTRY + "    environment:\n      VERSION: 1.10\n")
    assert repository.load().host("north").applications["staging"].environment == {
        "VERSION": "1.10"
    }
