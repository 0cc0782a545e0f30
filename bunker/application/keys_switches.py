"""Environment table, second part: media, mail and the plain feature flags."""

from bunker.application.features import FEATURES
from bunker.application.keys_shared import EXTERNAL, boolean, flag
from bunker.application.value_types import ValueType as T
from bunker.application.variables import Context, Variable

MEDIA = (
    flag("media"),
    Variable(
        "MEDIA_API_PORT",
        "media API on the host",
        T.HOST_PORT,
        "4100",
        feature="media",
        required=True,
    ),
    Variable(
        "MEDIA_ROOT", "media library", T.PATH, "./media/library", feature="media", required=True
    ),
    Variable(
        "MEDIA_UPLOADS",
        "uploads before they are sorted",
        T.PATH,
        "./media/uploads",
        feature="media",
        required=True,
    ),
    Variable(
        "MAX_UPLOAD_SIZE_GB", "largest upload, GB", T.INTEGER, "10", feature="media", required=True
    ),
)


def _mail_host(context: Context) -> str:
    return "" if context.features["mail"] else "mailhog"


def _mail_port(context: Context) -> str:
    return "587" if context.features["mail"] else "1025"


MAIL = (
    Variable(
        "SMTP_HOST",
        "mail server",
        T.HOST_NAME,
        _mail_host,
        "mailhog while mail is off",
        feature="mail",
        required=True,
    ),
    Variable(
        "SMTP_PORT",
        "port of the mail server",
        T.PORT,
        _mail_port,
        "587; 1025 while mail is off",
        feature="mail",
        required=True,
    ),
    Variable(
        "SMTP_SECURE",
        "TLS from the first byte (port 465)",
        T.BOOLEAN,
        "false",
        feature="mail",
        required=True,
    ),
    Variable("SMTP_USER", "account at the mail server", T.TEXT, "", feature="mail", required=True),
    Variable(
        "SMTP_PASS", "password at the mail server", feature="mail", required=True, secret=EXTERNAL
    ),
    Variable(
        "SMTP_FROM",
        "sender's address",
        T.EMAIL,
        lambda c: f"noreply@{c.host.domain}",
        "noreply@ the host's domain",
        feature="mail",
        required=True,
    ),
    Variable(
        "SMTP_FROM_NAME",
        "sender's name",
        T.TEXT,
        lambda c: c.host.label or c.host.name,
        "the host's label, else its name",
        feature="mail",
        required=True,
    ),
    Variable(
        "EMAIL_TEST_MODE",
        "send all mail to the test recipient",
        T.BOOLEAN,
        lambda c: boolean(not c.features["mail"]),
        "true while mail is off",
        required=True,
    ),
    Variable(
        "TEST_EMAIL_RECIPIENT",
        "receives mail in test mode",
        T.EMAIL,
        lambda c: f"admin@{c.host.domain}",
        "admin@ the host's domain",
    ),
    Variable(
        "MAILHOG_SMTP_PORT",
        "Mailhog's SMTP on the host",
        T.HOST_PORT,
        "1025",
        feature="mailhog",
        required=True,
    ),
    Variable(
        "MAILHOG_WEB_PORT",
        "Mailhog's mailbox on the host",
        T.HOST_PORT,
        "8025",
        feature="mailhog",
        required=True,
    ),
)

FLAGS = tuple(
    flag(feature.name)
    for feature in FEATURES
    if feature.name in {"canvass", "influence", "shifts", "payments", "sms"}
)
