"""A host whose answer cannot be read fails alone, in one sentence that says which answer."""

import pytest

from bunker.worker.client import WorkerClient
from tests.fake.bare_host import RESPONSES, fake_host, fake_request
from tests.fake.test_worker import ROOT, by_host
from tests.json_events import everything

SYSTEM, COMPONENTS, INSTANCE = "dpkg-query", "'@@bunker applied'", "'@@bunker engine'"


def replaced(question: str, old: str, *new: str) -> list[str]:
    lines = RESPONSES[question]
    at = lines.index(old)
    return [*lines[:at], *new, *lines[at + 1 :]]


DAMAGED = {
    "cut-short": (SYSTEM, RESPONSES[SYSTEM][:-1], "about its operating system"),
    "no-mode": (
        COMPONENTS,
        replaced(COMPONENTS, "@@bunker files", "@@bunker files", "0 9z root - /etc/x"),
        "about its files and checks cannot be read: the mode of /etc/x is '9z'",
    ),
    "too-few": (
        COMPONENTS,
        replaced(COMPONENTS, "@@bunker files", "@@bunker files", "garbage"),
        "about its files and checks cannot be read: a part of it is missing",
    ),
    "no-date": (SYSTEM, replaced(SYSTEM, "today 20000", "today NaN"), "about its logins"),
    "no-base64": (
        SYSTEM,
        replaced(SYSTEM, "@@bunker daemon.json", "@@bunker daemon.json", "e3"),
        "about its Docker engine cannot be read: /etc/docker/daemon.json is damaged",
    ),
    "nested": (
        INSTANCE,
        replaced(INSTANCE, "@@bunker generation", "@@bunker generation", "[" * 100_000),
        "about its instance cannot be read: the record of its generation is damaged",
    ),
    "no-port": (
        INSTANCE,
        replaced(INSTANCE, "@@bunker end", "@@bunker egress", "tcp x", "@@bunker end"),
        "about its instance cannot be read: a port is 'x'",
    ),
}


@pytest.mark.promise("A server that fails does not stop the others")
def test_a_damaged_answer_is_one_sentence_and_every_other_host_is_planned() -> None:
    hosts = [fake_host(number) for number in range(len(DAMAGED) + 1)]
    message = fake_request(hosts)
    words = {}
    for host, item, (question, answer, sentence) in zip(
        hosts[1:], message["hosts"][1:], DAMAGED.values(), strict=True
    ):
        item["data"]["fake_responses"] = {**RESPONSES, question: answer}
        words[host.name] = sentence
    with WorkerClient(message, ROOT) as worker:
        events = everything(worker.events(until="ready"))
    assert by_host(events, "planned").keys() == {hosts[0].name}
    failed = by_host(events, "failed")
    assert failed.keys() == words.keys()
    for name, sentence in words.items():
        told = failed[name]["message"]
        assert sentence in told
        assert f"{name}: its answer about" in told
        assert f"invoke ssh --host {name}" in told
        # Neither a traceback nor pyinfra's log, nor the same once more from another role.
        assert "\n" not in told


def test_a_damaged_answer_of_the_only_host_is_that_sentence_as_well() -> None:
    message = fake_request([fake_host(1)])
    question, answer, sentence = DAMAGED["cut-short"]
    message["hosts"][0]["data"]["fake_responses"] = {**RESPONSES, question: answer}
    with WorkerClient(message, ROOT) as worker:
        events = everything(worker.events(until="ready"))
    told = by_host(events, "failed")["host-001"]["message"]
    assert told.startswith(f"host-001: its answer {sentence} cannot be read: it was cut short.")
    assert "\n" not in told
