"""Mail to a real server: encrypted, logged in, and each refusal told for what it is."""

from __future__ import annotations

import logging
import socket
import traceback
from pathlib import Path
from typing import Any

import pytest

from bunker.fleet.notification_targets import EmailTarget
from bunker.masking import Secret
from bunker.notify import Message, NotifyFailed
from bunker.notify.mail import EmailNotifier
from tests.unit.notify.mail_server import PASSWORD, USER, MailServer, make_certificate

# With TLS from the first byte the server does not notice that logins are safe.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
MESSAGE = Message("production: upgrade failed", "2 failed: north, süd\n.\nNext: x", "", 8)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return certificate


def notifier(server: Any, *, password: str = PASSWORD, **more: Any) -> EmailNotifier:
    target = {
        "name": "mail",
        "host": "127.0.0.1",
        "port": server.port,
        "from": "bunker@example.org",
        "to": ["ops@example.org", "ana@example.org"],
        **({"user": USER, "password_secret": "MAIL_PASSWORD"} if password else {}),
        **more,
    }
    secret = Secret(password) if password else None
    return EmailNotifier(EmailTarget.model_validate(target), secret)


def failure(mail: EmailNotifier, seconds: float = 5) -> NotifyFailed:
    with pytest.raises(NotifyFailed) as caught:
        mail.send(MESSAGE, seconds=seconds)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(mail)
    assert "canary" not in told
    assert caught.value.__context__ is None
    return caught.value


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_arrives_encrypted_after_a_login(trusted: Path, security: str) -> None:
    with MailServer(trusted, security=security) as server:
        notifier(server, security=security).send(MESSAGE)
    (mail,) = server.mails
    assert mail["Subject"] == MESSAGE.title
    assert mail["From"] == "bunker@example.org"
    assert mail["To"] == "ops@example.org, ana@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Importance"] == "high"
    assert mail["Message-ID"].endswith("@example.org>")
    assert mail.get_content().replace("\r\n", "\n") == MESSAGE.text + "\n"
    assert server.receivers == [["ops@example.org", "ana@example.org"]]
    assert server.encrypted == [True]


def test_a_server_of_this_machine_may_be_used_in_plaintext_and_without_a_login(
    trusted: Path,
) -> None:
    with MailServer(trusted, security="none") as server:
        notifier(server, password="", security="none").send(MESSAGE)
    assert server.encrypted == [False]


def test_a_title_cannot_add_a_header(trusted: Path) -> None:
    with MailServer(trusted) as server:
        notifier(server).send(Message("title\r\nBcc: eve@example.org", "text", ""))
    assert server.mails[0]["Subject"] == "title Bcc: eve@example.org"
    assert server.mails[0]["Bcc"] is None


def test_a_wrong_password_is_final_and_not_repeated(trusted: Path) -> None:
    with MailServer(trusted) as server:
        found = failure(notifier(server, password="canary-wrong"))
    assert found.reason.startswith("answered 535: ")
    assert not found.retryable


def test_a_password_that_the_protocol_cannot_carry_is_final(trusted: Path) -> None:
    with MailServer(trusted) as server:
        assert not failure(notifier(server, password="canary-ü")).retryable


def test_an_untrusted_certificate_is_final_and_gets_no_password(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with MailServer(certificate) as server:
        found = failure(notifier(server))
    assert found.reason.startswith("its certificate is not trusted: ")
    assert not found.retryable
    assert server.mails == []


def test_a_server_without_starttls_gets_no_password(trusted: Path) -> None:
    with MailServer(trusted, security="none") as server:
        found = failure(notifier(server))
    assert "STARTTLS" in found.reason
    assert not found.retryable
    assert server.mails == []


@pytest.mark.parametrize(
    ("answer", "retryable"), [("451 try later", True), ("554 we do not want it", False)]
)
def test_in_mail_the_4xx_answers_mean_later(trusted: Path, answer: str, retryable: bool) -> None:
    with MailServer(trusted) as server:
        server.refuse["DATA"] = answer
        found = failure(notifier(server))
    assert found.reason == f"answered {answer.replace(' ', ': ', 1)}"
    assert found.retryable is retryable


def test_a_refused_receiver_is_named_while_the_others_have_the_mail(trusted: Path) -> None:
    with MailServer(trusted) as server:
        server.refuse["ana@example.org"] = "550 no such user"
        found = failure(notifier(server))
    assert found.reason == "refused the receiver ana@example.org: 550 no such user"
    assert found.partly
    assert not found.retryable
    assert server.receivers == [["ops@example.org"]]


@pytest.mark.parametrize(("answer", "retryable"), [("450 later", True), ("550 nobody", False)])
def test_when_all_receivers_are_refused_nobody_has_it(
    trusted: Path, answer: str, retryable: bool
) -> None:
    with MailServer(trusted) as server:
        server.refuse |= {"ana@example.org": answer, "ops@example.org": answer}
        found = failure(notifier(server))
    assert (found.retryable, found.partly) == (retryable, False)


def test_nobody_at_the_address_may_be_asked_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))

        class Nobody:
            port = taken.getsockname()[1]

        found = failure(notifier(Nobody))
    assert found.retryable
    assert found.reason.startswith("cannot be reached: ")


def test_a_server_that_keeps_silent_may_be_asked_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        class Silent:
            port = listener.getsockname()[1]

        found = failure(notifier(Silent), seconds=0.3)
    assert found.retryable
    assert "timed out" in found.reason


def test_the_password_is_not_logged(trusted: Path, caplog: pytest.LogCaptureFixture) -> None:
    import base64

    with caplog.at_level(logging.DEBUG), MailServer(trusted) as server:
        # The server of the test logs what it hears; only our own side is looked at.
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)
        notifier(server).send(MESSAGE)
    assert PASSWORD not in caplog.text
    assert base64.b64encode(PASSWORD.encode()).decode() not in caplog.text
