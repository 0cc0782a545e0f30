"""Mail through a server of the fleet's choice, encrypted unless the settings say otherwise."""

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid
from functools import cached_property

from bunker.fleet.notification_targets import EmailTarget
from bunker.masking import Redactor, Secret
from bunker.notify.http import excerpt
from bunker.notify.message import ATTEMPT_SECONDS, Message, NotifyFailed

URGENT = 8


@dataclass(frozen=True)
class EmailNotifier:
    """One mail to all receivers; without a password there is no login."""

    target: EmailTarget
    password: Secret | None = None

    @cached_property
    def _redactor(self) -> Redactor:
        return Redactor([self.password] if self.password else [])

    def send(self, message: Message, *, seconds: float = ATTEMPT_SECONDS) -> None:
        """Send now, once. Raises NotifyFailed: retryable where nothing answers, and for 4xx.

        In SMTP it is the 4xx replies that mean "later", and the 5xx that are final.
        """
        try:
            refused = self._deliver(self._mail(message), seconds)
        except ssl.SSLCertVerificationError as error:
            said = error.verify_message
            failure = NotifyFailed(f"its certificate is not trusted: {said}", retryable=False)
        except smtplib.SMTPNotSupportedError as error:
            failure = NotifyFailed(f"cannot do this: {self._said(error)}", retryable=False)
        except smtplib.SMTPRecipientsRefused as error:
            failure = self._refused(error.recipients)
        except smtplib.SMTPResponseException as error:
            failure = self._answered(error.smtp_code, error.smtp_error)
        except TimeoutError:
            failure = NotifyFailed(f"gave no answer within {seconds:.0f} s", retryable=True)
        except (smtplib.SMTPException, OSError) as error:
            failure = NotifyFailed(f"cannot be reached: {self._said(error)}", retryable=True)
        except ValueError:  # a password that the protocol has no letters for
            failure = NotifyFailed("user, password or text cannot be sent", retryable=False)
        else:
            if not refused:
                return
            failure = self._refused(refused, partly=True)
        # Raised out here, so that it carries nothing of what was sent along.
        raise failure

    def _deliver(self, mail: EmailMessage, seconds: float) -> dict[str, tuple[int, bytes]]:
        target, context = self.target, ssl.create_default_context()
        # Our own name is asked of no name server: that may take longer than the whole mail.
        own_name = target.sender.rpartition("@")[2]
        server: smtplib.SMTP
        if target.security == "tls":
            server = smtplib.SMTP_SSL(
                target.host, target.port, own_name, timeout=seconds, context=context
            )
        else:
            server = smtplib.SMTP(target.host, target.port, own_name, timeout=seconds)
        try:
            if target.security == "starttls":
                server.starttls(context=context)
            if self.password:
                server.login(target.user, self.password.reveal())
            refused = server.send_message(mail)
        except BaseException:
            server.close()
            raise
        with suppress(smtplib.SMTPException, OSError):  # the mail is accepted already
            server.quit()
        return refused

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = " ".join(message.title.split())
        mail["From"] = self.target.sender
        mail["To"] = ", ".join(self.target.to)
        mail["Date"] = format_datetime(localtime())
        mail["Message-ID"] = make_msgid(domain=self.target.sender.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"
        if message.priority >= URGENT:
            mail["Importance"] = "high"
        mail.set_content(message.text + "\n")
        return mail

    def _answered(self, code: int, text: bytes | str) -> NotifyFailed:
        said = text.decode(errors="replace") if isinstance(text, bytes) else text
        reason = f"answered {code}: {excerpt(said, self._redactor)}"
        return NotifyFailed(reason, retryable=400 <= code < 500 or code <= 0)

    def _refused(
        self, refused: dict[str, tuple[int, bytes]], *, partly: bool = False
    ) -> NotifyFailed:
        codes = [code for code, _text in refused.values()]
        text = next(iter(refused.values()))[1].decode(errors="replace")
        said = excerpt(f"{', '.join(refused)}: {codes[0]} {text}", self._redactor)
        later = not partly and all(400 <= code < 500 for code in codes)
        return NotifyFailed(f"refused the receiver {said}", retryable=later, partly=partly)

    def _said(self, error: Exception) -> str:
        return excerpt(str(error), self._redactor) or type(error).__name__
