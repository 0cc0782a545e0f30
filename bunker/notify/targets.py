"""From a target of the settings to what can send there."""

from collections.abc import Mapping

from bunker.fleet.notification_targets import NotificationTarget
from bunker.masking import Secret
from bunker.notify import chat, gotify, http, mail
from bunker.notify.message import Notifier, NotifyFailed


def notifier_for(target: NotificationTarget, secrets: Mapping[str, Secret]) -> Notifier:
    """The notifier of a target. Raises NotifyFailed where a secret is missing or unfit."""
    for name in target.secret_names:
        if name not in secrets:
            reason = f"the secret {name} is missing: run `invoke notify.secret {name}`"
            raise NotifyFailed(reason, retryable=False)
    if target.kind == "gotify":
        return gotify.GotifyNotifier(target, secrets[target.token_secret])
    if target.kind == "email":
        password = target.password_secret
        return mail.EmailNotifier(target, secrets[password] if password else None)
    url = http.web_address(secrets[target.url_secret], target.url_secret)
    if target.kind == "slack":
        return chat.SlackNotifier(url)
    return chat.RocketChatNotifier(url)
