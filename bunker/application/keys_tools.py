"""Environment table, third part: newsletter, maps, tools, monitoring, fleet, tunnel, backup."""

from collections.abc import Callable

from bunker.application.features import REPORTING
from bunker.application.keys_shared import EXTERNAL, PASSWORD, boolean, flag
from bunker.application.value_types import ValueType as T
from bunker.application.variables import Context, Variable


def _port(key: str, meaning: str, default: int, feature: str) -> Variable:
    return Variable(
        key, f"{meaning} on the host", T.HOST_PORT, str(default), feature=feature, required=True
    )


def _url(key: str, meaning: str, subdomain: str, feature: str) -> Variable:
    return Variable(
        key,
        f"public address of {meaning}",
        T.URL,
        lambda context: context.url(subdomain),
        f"https://{subdomain}.DOMAIN",
        feature,
        required=True,
    )


def _generated(key: str, meaning: str, feature: str) -> Variable:
    return Variable(key, meaning, feature=feature, secret=PASSWORD)


def _external(key: str, meaning: str, feature: str = "", *, required: bool = False) -> Variable:
    return Variable(key, meaning, feature=feature, required=required, secret=EXTERNAL)


def _admin_email(context: Context) -> str:
    return f"admin@{context.host.domain}"


def _email(key: str, meaning: str, feature: str) -> Variable:
    return Variable(
        key, meaning, T.EMAIL, _admin_email, "admin@ the host's domain", feature, required=True
    )


def _text(key: str, meaning: str, default: str, feature: str, kind: T = T.IDENTIFIER) -> Variable:
    return Variable(key, meaning, kind, default, feature=feature, required=True)


def _follows(feature: str) -> Callable[[Context], str]:
    return lambda context: boolean(context.features[feature])


NEWSLETTER = (
    flag("listmonk"),
    _port("LISTMONK_PORT", "Listmonk", 9001, "listmonk"),
    _url("LISTMONK_URL", "Listmonk", "listmonk", "listmonk"),
    _text("LISTMONK_DB_USER", "Listmonk's database user", "listmonk", "listmonk"),
    _generated("LISTMONK_DB_PASSWORD", "Listmonk's database password", "listmonk"),
    _text("LISTMONK_DB_NAME", "Listmonk's database", "listmonk", "listmonk"),
    _text("LISTMONK_ADMIN_USER", "Listmonk's administrator", "admin", "listmonk"),
    _generated("LISTMONK_ADMIN_PASSWORD", "password of Listmonk's administrator", "listmonk"),
    _text("LISTMONK_API_USER", "account the API uses at Listmonk", "v2-api", "listmonk"),
    _generated("LISTMONK_API_TOKEN", "token the API uses at Listmonk", "listmonk"),
    Variable(
        "LISTMONK_SYNC_ENABLED",
        "keep subscribers in step with the application",
        T.BOOLEAN,
        _follows("listmonk"),
        "features: listmonk",
        "listmonk",
        required=True,
    ),
)

MAPS = (
    Variable("NAR_DATA_DIR", "folder of the National Address Register", T.PATH, "./data/nar"),
    _external("MAPBOX_API_KEY", "key for Mapbox; empty: not used"),
    _external("GOOGLE_MAPS_API_KEY", "key for Google Maps", "google_maps", required=True),
    flag("google_maps"),
    _external("LOCATIONIQ_API_KEY", "key for LocationIQ; empty: not used"),
    Variable(
        "GEOCODING_PARALLEL_ENABLED",
        "ask several geocoders at once",
        T.BOOLEAN,
        "true",
        required=True,
    ),
    Variable("GEOCODING_BATCH_SIZE", "addresses per batch", T.INTEGER, "10", required=True),
    Variable(
        "GEOCODING_CACHE_ENABLED", "remember found addresses", T.BOOLEAN, "true", required=True
    ),
    Variable(
        "GEOCODING_CACHE_TTL_HOURS", "life of a found address, h", T.INTEGER, "24", required=True
    ),
    Variable(
        "REPRESENT_API_URL",
        "directory of elected representatives",
        T.URL,
        "https://represent.opennorth.ca",
        feature="influence",
        required=True,
    ),
)

TOOLS = (
    flag("nocodb"),
    _port("NOCODB_PORT", "NocoDB", 8091, "nocodb"),
    _url("NOCODB_URL", "NocoDB", "db", "nocodb"),
    _email("NC_ADMIN_EMAIL", "NocoDB's administrator", "nocodb"),
    _generated("NC_ADMIN_PASSWORD", "password of NocoDB's administrator", "nocodb"),
    _generated("NC_DB_PASSWORD", "NocoDB's database password", "nocodb"),
    flag("gitea"),
    _port("GITEA_WEB_PORT", "Gitea", 3030, "gitea"),
    _port("GITEA_SSH_PORT", "Gitea's SSH", 2222, "gitea"),
    _url("GITEA_URL", "Gitea", "git", "gitea"),
    _generated("GITEA_DB_PASSWD", "Gitea's database password", "gitea"),
    _text("GITEA_ADMIN_USER", "Gitea's administrator", "gitadmin", "gitea"),
    _generated("GITEA_ADMIN_PASSWORD", "password of Gitea's administrator", "gitea"),
    flag("n8n"),
    _port("N8N_PORT", "n8n", 5678, "n8n"),
    Variable(
        "N8N_HOST",
        "public name of n8n",
        T.DOMAIN,
        lambda context: f"n8n.{context.host.domain}",
        "n8n.DOMAIN",
        "n8n",
        required=True,
    ),
    _generated("N8N_ENCRYPTION_KEY", "encrypts n8n's credentials; never change it", "n8n"),
    _email("N8N_USER_EMAIL", "n8n's owner", "n8n"),
    _generated("N8N_USER_PASSWORD", "password of n8n's owner", "n8n"),
    flag("code_server"),
    _port("CODE_SERVER_PORT", "code-server", 8888, "code_server"),
    _generated("CODE_SERVER_PASSWORD", "password of code-server", "code_server"),
    _port("MKDOCS_PORT", "live preview of the documentation", 4003, "mkdocs"),
    _port("MKDOCS_SITE_SERVER_PORT", "built documentation", 4004, "mkdocs"),
    Variable(
        "BASE_DOMAIN",
        "address that the documentation links to",
        T.URL,
        lambda context: f"https://{context.host.domain}",
        "https://DOMAIN",
        "mkdocs",
        required=True,
    ),
    _port("HOMEPAGE_PORT", "start page", 3010, "homepage"),
    _port("MINI_QR_PORT", "QR code maker", 8089, "mini_qr"),
    _port("EXCALIDRAW_PORT", "whiteboard", 8090, "excalidraw"),
    flag("vaultwarden"),
    _port("VAULTWARDEN_PORT", "Vaultwarden", 8445, "vaultwarden"),
    _generated("VAULTWARDEN_ADMIN_TOKEN", "opens Vaultwarden's admin page", "vaultwarden"),
)

MONITORING = (
    _port("PROMETHEUS_PORT", "Prometheus", 9090, "monitoring"),
    Variable(
        "PROMETHEUS_RETENTION",
        "how long metrics stay",
        T.DURATION,
        "30d",
        feature="monitoring",
        required=True,
    ),
    _port("GRAFANA_PORT", "Grafana", 3001, "monitoring"),
    _text("GRAFANA_ADMIN_USER", "Grafana's administrator", "admin", "monitoring"),
    _generated("GRAFANA_ADMIN_PASSWORD", "password of Grafana's administrator", "monitoring"),
    _url("GRAFANA_ROOT_URL", "Grafana", "grafana", "monitoring"),
    _port("ALERTMANAGER_PORT", "Alertmanager", 9093, "monitoring"),
    _port("CADVISOR_PORT", "cAdvisor", 8086, "monitoring"),
    _port("NODE_EXPORTER_PORT", "node exporter", 9100, "monitoring"),
    _port("REDIS_EXPORTER_PORT", "Redis exporter", 9121, "monitoring"),
    _port("GOTIFY_PORT", "Gotify", 8889, "monitoring"),
    _external("GOTIFY_APP_TOKEN", "token that Gotify hands out once it runs", "monitoring"),
)

FLEET = (
    Variable(
        REPORTING.enable_key,
        "backups and metrics are reported to central",
        T.BOOLEAN,
        _follows(REPORTING.name),
        "true on tier 2",
        required=True,
        governed_by="tier",
    ),
    Variable(
        "BUNKER_OPS_REMOTE_WRITE_URL",
        "where central takes metrics",
        T.URL,
        feature=REPORTING.name,
        required=True,
    ),
    _generated(
        "BUNKER_OPS_REMOTE_WRITE_TOKEN", "tells central which instance writes", REPORTING.name
    ),
)

TUNNEL = (
    Variable("PANGOLIN_API_URL", "Pangolin's API", T.URL, feature="tunnel"),
    _external("PANGOLIN_API_KEY", "key for Pangolin's API", "tunnel"),
    Variable("PANGOLIN_ORG_ID", "organisation at Pangolin", feature="tunnel"),
    Variable(
        "PANGOLIN_ENDPOINT", "Pangolin's tunnel server", T.URL, "", feature="tunnel", required=True
    ),
    Variable("PANGOLIN_SITE_ID", "the instance's site at Pangolin", feature="tunnel"),
    Variable(
        "PANGOLIN_NEWT_ID",
        "name of the tunnel's client",
        T.TEXT,
        "",
        feature="tunnel",
        required=True,
    ),
    _external("PANGOLIN_NEWT_SECRET", "secret of the tunnel's client", "tunnel", required=True),
)

BACKUP = (
    Variable("BACKUP_DIR", "where the application's script leaves backups", T.PATH, "./backups"),
    Variable(
        "BACKUP_RETENTION_DAYS", "how long it keeps them, days", T.INTEGER, "30", required=True
    ),
    Variable(
        "BACKUP_S3_BUCKET", "bucket for copies", T.TEXT, "", feature="backup_s3", required=True
    ),
    Variable(
        "BACKUP_S3_ENDPOINT",
        "address of the S3 service",
        T.URL,
        "",
        feature="backup_s3",
        required=True,
    ),
    _external("BACKUP_S3_ACCESS_KEY", "key id at the S3 service", "backup_s3", required=True),
    _external("BACKUP_S3_SECRET_KEY", "key at the S3 service", "backup_s3", required=True),
)
