"""Mail goes through a queue in Redis; one thread hands it to the mail server."""

from __future__ import annotations

import json
import smtplib
import threading
from email.message import EmailMessage

import redis

from changemaker.app import App
from changemaker.log import log

QUEUE = "mail:queue"
PATIENCE_SECONDS = 5


def queue(app: App, subject: str, text: str, recipient: str = "") -> None:
    """Put a mail in the queue; in test mode it goes to the test recipient, whoever it is for."""
    settings = app.settings
    to = settings.mail_test_recipient if settings.mail_test or not recipient else recipient
    if to:
        app.cache.rpush(QUEUE, json.dumps({"to": to, "subject": subject, "text": text}))


def work(app: App, stop: threading.Event) -> None:
    """Hand over one mail after the other until ``stop`` is set."""
    while not stop.is_set():
        try:
            found = app.cache.blpop([QUEUE], timeout=1)
        except redis.RedisError:
            stop.wait(1)
            continue
        if not found:
            continue
        try:
            _send(app, json.loads(found[1]))
            app.metrics.emails_sent.add()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            app.metrics.emails_failed.add()
            log("warn", "mail not sent", error=type(error).__name__)


def _send(app: App, mail: dict[str, str]) -> None:
    settings = app.settings
    message = EmailMessage()
    message["From"], message["To"] = settings.smtp_from, mail["to"]
    message["Subject"] = mail["subject"]
    message.set_content(mail["text"])
    kind = smtplib.SMTP_SSL if settings.smtp_secure else smtplib.SMTP
    with kind(settings.smtp_host, settings.smtp_port, timeout=PATIENCE_SECONDS) as server:
        if settings.smtp_user:
            if not settings.smtp_secure:
                server.starttls()
            server.login(settings.smtp_user, settings.smtp_password)
        server.send_message(message)
