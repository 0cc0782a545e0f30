"""What a host file can switch on, and what each switch means for Compose.

Correcting the name of a profile or of an ENABLE_ key is a change of one line here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bunker.errors import BunkerError
from bunker.suggest import perhaps


@dataclass(frozen=True)
class Feature:
    """One switch. ``enable_key`` and ``profile`` are "" where the application has none."""

    name: str
    meaning: str
    enable_key: str = ""
    profile: str = ""
    default: bool = False


FEATURES: tuple[Feature, ...] = (
    Feature("canvass", "door-to-door canvassing", "ENABLE_CANVASS", default=True),
    Feature("influence", "campaigns that write to representatives", "ENABLE_INFLUENCE", "", True),
    Feature("shifts", "volunteer shifts and sign-ups", "ENABLE_SHIFTS", default=True),
    Feature("payments", "donations and memberships", "ENABLE_PAYMENTS"),
    Feature("sms", "text messages", "ENABLE_SMS"),
    Feature("media", "video library and uploads", "ENABLE_MEDIA_FEATURES"),
    Feature("mail", "send real mail over SMTP; off: test mode, nothing leaves the host"),
    Feature("mailhog", "a mailbox in the stack that catches test mail", "", "mailhog"),
    Feature("listmonk", "newsletters", "ENABLE_LISTMONK", "listmonk"),
    Feature("google_maps", "geocoding by Google", "GOOGLE_MAPS_ENABLED"),
    Feature("nocodb", "spreadsheet view of the database", "ENABLE_NOCODB", "nocodb"),
    Feature("gitea", "git server", "ENABLE_GITEA", "gitea"),
    Feature("n8n", "workflow automation", "ENABLE_N8N", "n8n"),
    Feature("code_server", "editor in the browser", "ENABLE_CODE_SERVER", "code-server"),
    Feature("mkdocs", "documentation site and its live preview", "", "mkdocs"),
    Feature("homepage", "start page that links every tool", "", "homepage"),
    Feature("mini_qr", "QR code maker", "", "mini-qr"),
    Feature("excalidraw", "shared whiteboard", "", "excalidraw"),
    Feature("vaultwarden", "password manager", "ENABLE_VAULTWARDEN", "vaultwarden"),
    Feature("monitoring", "Prometheus, Grafana and exporters in the stack", "", "monitoring"),
    Feature("tunnel", "reached through a Pangolin tunnel instead of an open port"),
    Feature("backup_s3", "the application's own backup script copies to an S3 bucket"),
)

# Not to be set by hand: a host reports to central exactly when its tier is 2.
REPORTING = Feature("reporting", "sends metrics to central (tier 2)", "BUNKER_OPS_ENABLED")

FEATURES_BY_NAME: dict[str, Feature] = {feature.name: feature for feature in FEATURES}


def resolve_features(wanted: Mapping[str, bool], *, tier: int) -> dict[str, bool]:
    """Every feature, on or off: what the host file says, else the default.

    Reporting to central (tier 2) is done by the instance's own Prometheus, so it switches
    monitoring on unless the host file says otherwise. Unknown names are left out here;
    :func:`feature_problems` reports them.
    """
    resolved = {feature.name: wanted.get(feature.name, feature.default) for feature in FEATURES}
    resolved["monitoring"] = wanted.get("monitoring", tier == 2)
    resolved[REPORTING.name] = tier == 2
    return resolved


def feature_problems(wanted: Mapping[str, bool], *, where: str) -> Iterator[BunkerError]:
    """One problem for each name in a host file's ``features`` that the table does not know."""
    for name in wanted:
        if name == REPORTING.name:
            yield BunkerError(
                "features: reporting is not a switch of its own",
                where=where,
                remedy="Set `tier: 2` to report to central, `tier: 1` not to",
            )
        elif name not in FEATURES_BY_NAME:
            yield BunkerError(
                f"features: {name!r} is not a feature",
                where=where,
                expected="a feature of the table",
                remedy=perhaps(name, FEATURES_BY_NAME),
            )


def compose_profiles(features: Mapping[str, bool]) -> tuple[str, ...]:
    """Compose profiles of the features that are on, in the table's order."""
    return tuple(
        feature.profile for feature in FEATURES if feature.profile and features[feature.name]
    )
