"""An approval is a second operator's signature under exactly one run, for a while."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invoke.context import Context

from bunker.approvals import ApprovalSubject
from bunker.approvals.approval import give_approval
from bunker.approvals.requests import approvals_folder, read_request, write_request
from bunker.approvals.ssh_keys import fingerprint_of, held_keys, own_fingerprint, sign, signer_of
from bunker.cli.approvals import approve
from bunker.errors import BunkerError
from tests.unit.approvals.desk import NOW, SUBJECT, Desk, make_key, refusal


def test_groups_without_the_policy_need_no_approval_and_no_key(desk: Desk) -> None:
    assert desk.require(groups=["all"], starter_key=Path("/nowhere")) is None
    assert not approvals_folder(desk.root).exists()


def test_without_an_approval_the_refusal_leaves_a_request_and_says_what_to_do(desk: Desk) -> None:
    said = refusal(desk)
    folder = approvals_folder(desk.root)
    assert "rollout on group careful needs an approval by a second operator" in said
    assert f"invoke approve {SUBJECT.short}" in said
    assert f"--approve {folder / SUBJECT.short}.approval" in said
    request = read_request(desk.root, SUBJECT.short[:6])
    assert request.subject == SUBJECT
    anna = own_fingerprint(desk.anna)
    assert anna
    assert request.asked_keys == (anna,)


def test_an_approval_lets_exactly_its_subject_start_until_it_expires(desk: Desk) -> None:
    file = desk.approve(desk.bob)
    approval = desk.require(file, now=NOW + timedelta(hours=23))
    assert approval
    assert approval.approver == "bob@example"
    assert approval.to_json()["digest"] == SUBJECT.digest
    assert "it expired at 2026-11-25T14:00:00Z" in refusal(
        desk, file, now=NOW + timedelta(hours=24)
    )


def test_an_approval_that_lies_at_its_place_need_not_be_named(desk: Desk) -> None:
    file = desk.approve(desk.carol)
    assert file == approvals_folder(desk.root) / f"{SUBJECT.short}.approval"
    approval = desk.require()
    assert approval
    assert approval.approver == "carol@example"
    assert "another approval, because it expired" in refusal(desk, now=NOW + timedelta(days=2))


@pytest.mark.parametrize(
    "other",
    [
        replace(SUBJECT, hosts=("north-1",)),
        replace(SUBJECT, kind="os-upgrade"),
        replace(SUBJECT, fleet="other"),
        replace(SUBJECT, ref="v2.2.0"),
        replace(SUBJECT, commits={**SUBJECT.commits, "east-1": "b" * 40}),
        replace(SUBJECT, arguments={**SUBJECT.arguments, "soak": "0"}),
        replace(SUBJECT, arguments={**SUBJECT.arguments, "restore": "True"}),
        replace(SUBJECT, inputs={**SUBJECT.inputs, "east-1": "e" * 64}),
        replace(SUBJECT, inputs={}),
    ],
)
def test_an_approval_of_something_else_is_refused(desk: Desk, other: ApprovalSubject) -> None:
    file = desk.approve(desk.bob, other)
    assert "it approves something else" in refusal(desk, file)


def test_an_approval_is_used_once_and_the_next_run_asks_anew(desk: Desk) -> None:
    runs: dict[str, str] = {}
    file = desk.approve(desk.bob)
    first = desk.require(file, used_by=runs.get)
    assert first
    runs[first.id] = "20261124T140000Z-aaaa"
    for named in (file, None):
        said = refusal(desk, named, used_by=runs.get)
        assert "it was used already, for the run 20261124T140000Z-aaaa" in said
    # The same change, approved once more: at another time, or by somebody else.
    for key in (desk.bob, desk.carol):
        again = desk.require(desk.approve(key), used_by=runs.get)
        assert again
        assert again.id not in runs
        runs[again.id] = "another run"


def test_an_approval_is_for_whoever_asked(desk: Desk) -> None:
    refusal(desk)  # anna asks
    file = give_approval(read_request(desk.root, SUBJECT.short), desk.bob, desk.settings, now=NOW)
    said = refusal(desk, file.file, starter_key=desk.carol)
    assert "it was asked for by another operator" in said
    assert desk.require(file.file)


def test_who_starts_may_change_machines_but_the_order_of_hosts_means_nothing() -> None:
    assert replace(SUBJECT, asked_by="anna@laptop").digest == SUBJECT.digest
    assert replace(SUBJECT, hosts=("east-1", "north-1")).digest == SUBJECT.digest


def test_the_starters_own_signature_is_refused_however_the_key_is_held(
    desk: Desk, tmp_path: Path
) -> None:
    file = desk.approve(desk.bob)
    assert "that would be the same operator" in refusal(desk, file, starter_key=desk.bob)
    assert "that would be the same operator" in refusal(desk, file, fleet_key=desk.bob)
    ssh = tmp_path / "home" / ".ssh"
    ssh.mkdir(parents=True)
    (ssh / "work").write_text(desk.bob.read_text())
    (ssh / "work").chmod(0o600)
    (ssh / "work.pub").write_text(Path(f"{desk.bob}.pub").read_text())
    assert "that would be the same operator" in refusal(desk, file)


def test_a_key_in_the_agent_is_held_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    socket = str(desk.root.parent / "agent")
    with subprocess.Popen(
        ["ssh-agent", "-D", "-a", socket], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as agent:
        try:
            assert agent.stdout
            agent.stdout.readline()
            monkeypatch.setenv("SSH_AUTH_SOCK", socket)
            subprocess.run(["ssh-add", "-q", str(desk.bob)], check=True)
            bob = own_fingerprint(desk.bob)
            assert bob in held_keys([])
            assert "that would be the same operator" in refusal(desk, desk.approve(desk.bob))
            # The public file names an identity whose private half the agent has.
            named = desk.approve(desk.carol)
            assert desk.require(named, starter_key=Path(f"{desk.bob}.pub"))
        finally:
            agent.terminate()


def test_a_starter_without_a_key_of_their_own_cannot_be_told_apart(
    desk: Desk, tmp_path: Path
) -> None:
    file = desk.approve(desk.bob)
    assert "who the first is cannot be told" in refusal(desk, file, starter_key=None)
    lone = tmp_path / "anna.pub"
    lone.write_text(Path(f"{desk.anna}.pub").read_text())
    said = refusal(desk, file, starter_key=lone)
    assert "who the first is cannot be told" in said
    assert "BUNKER_OPERATOR_SSH_KEY" in said


def test_whoever_asked_cannot_sign_and_neither_can_a_stranger(desk: Desk, tmp_path: Path) -> None:
    refusal(desk, starter_key=desk.bob)
    request = read_request(desk.root, SUBJECT.short)
    with pytest.raises(BunkerError, match="whoever asked for this holds the same key"):
        give_approval(request, desk.bob, desk.settings)
    mallory = make_key(tmp_path / "mallory", "mallory")
    with pytest.raises(BunkerError, match=r"not among the fleet's approvers.*bob@example, carol"):
        give_approval(request, mallory, desk.settings)
    # Where the fleet is not at hand it can be signed, and is refused by the one who starts.
    file = give_approval(request, mallory, None, now=NOW).file
    assert "not that of an approver" in refusal(desk, file)


def test_nobody_who_may_approve_is_said(desk: Desk) -> None:
    lonely = replace(desk, settings=desk.settings.model_copy(update={"approvers": ()}))
    assert "no approver is named" in refusal(lonely)


@settings(max_examples=25, deadline=None)
@given(place=st.integers(0, 10_000), letter=st.sampled_from('0aZ"\n '))
def test_a_changed_text_has_no_signer(keys: Mapping[str, Path], place: int, letter: str) -> None:
    text, signature, allowed = signed(keys)
    place %= len(text)
    changed = text[:place] + letter + text[place + 1 :]
    assert signer_of(changed, signature, allowed) == (0 if changed == text else None)


_SIGNED: dict[str, tuple[str, str, list[str]]] = {}


def signed(keys: Mapping[str, Path]) -> tuple[str, str, list[str]]:
    if "bob" not in _SIGNED:
        text = json.dumps(SUBJECT.to_json())
        allowed = [Path(f"{keys['bob']}.pub").read_text().strip()]
        _SIGNED["bob"] = (text, sign(text, keys["bob"]), allowed)
    return _SIGNED["bob"]


def test_a_signature_made_for_another_purpose_does_not_count(keys: Mapping[str, Path]) -> None:
    text, _signature, allowed = signed(keys)
    words = ["ssh-keygen", "-Y", "sign", "-q", "-f", str(keys["bob"]), "-n", "git"]
    made = subprocess.run(words, input=text, capture_output=True, text=True, check=True).stdout
    assert signer_of(text, made, allowed) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"text": 1, "signature": "x"}', "\x00"])
def test_a_file_that_is_no_approval_is_said_to_be_none(
    desk: Desk, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "some.file"
    file.write_text(content)
    assert "this is no approval" in refusal(desk, file)
    assert "there is no such approval" in refusal(desk, tmp_path / "none")


def test_a_request_that_was_changed_is_refused(desk: Desk) -> None:
    file = write_request(desk.root, SUBJECT)
    content = json.loads(file.read_text())
    content["subject"]["hosts"].append("west-1")
    file.write_text(json.dumps(content))
    with pytest.raises(BunkerError, match="its digest is another one"):
        read_request(desk.root, str(file))
    with pytest.raises(BunkerError, match="no request begins with 'fff'"):
        read_request(desk.root, "fff")


def test_a_request_cannot_hide_a_line_or_an_escape_from_whoever_reads_it(desk: Desk) -> None:
    for ref in ("v2\ncommit    harmless", "v2\x1b[1A"):
        file = write_request(desk.root, replace(SUBJECT, ref=ref))
        with pytest.raises(BunkerError, match="no request for an approval"):
            read_request(desk.root, str(file))


@pytest.mark.parametrize("lifetime", [timedelta(), timedelta(days=8), timedelta(seconds=-1)])
def test_an_approval_neither_lasts_for_ever_nor_not_at_all(desk: Desk, lifetime: timedelta) -> None:
    with pytest.raises(BunkerError, match="7 days at most"):
        desk.approve(desk.bob, lifetime=lifetime)


def test_what_is_approved_can_be_read_before(desk: Desk) -> None:
    text = "\n".join(SUBJECT.lines())
    words = ("rollout of 2 hosts", "anna@desk", "v2.1.0", "a" * 40, "east-1, north-1", "soak 1800")
    for word in words:
        assert word in text
    assert not fingerprint_of("no key at all")


def test_the_command_shows_asks_signs_and_names_the_next_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BUNKER_ROOT", str(desk.root))
    inventories = desk.root / "inventories"
    (inventories / "production").mkdir(parents=True)
    (inventories / "production.py").write_text("")
    keys = "".join(f"  - {line}\n" for line in desk.settings.approvers)
    (inventories / "production" / "fleet.settings.yaml").write_text(f"approvers:\n{keys}")
    refusal(desk, shown=["north-1: 1 change", "  - 1 package: sudo\x1b[2K"])
    arguments = {"request": SUBJECT.short, "lasts": "4h", "json": False, "debug": False}
    with pytest.raises(SystemExit) as ended:
        approve(Context(), key=str(desk.anna), yes=True, **arguments)
    assert ended.value.code == 1
    approve(Context(), key=str(desk.bob), yes=True, **arguments)
    said = capsys.readouterr()
    assert "rollout of 2 hosts of the fleet production" in said.err
    assert "north-1: 1 change\n  - 1 package: sudo\\x1b[2K\n" in said.err
    file = approvals_folder(desk.root) / f"{SUBJECT.short}.approval"
    assert "approved by bob@example until" in said.out
    assert f"--approve {file}" in said.out
    assert desk.require(file, now=datetime.now(UTC))
