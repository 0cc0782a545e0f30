"""Environment table, first part: core, databases, sessions, API and admin page."""

from urllib.parse import quote

from bunker.application.keys_shared import PASSWORD
from bunker.application.value_types import ValueType as T
from bunker.application.variables import Context, SecretSource, Variable


def _database_url(values: dict[str, str]) -> str:
    user = quote(values["V2_POSTGRES_USER"], safe="")
    password = quote(values["V2_POSTGRES_PASSWORD"], safe="")
    database = quote(values["V2_POSTGRES_DB"], safe="")
    return f"postgresql://{user}:{password}@v2-postgres:5432/{database}"


def _redis_url(values: dict[str, str]) -> str:
    return f"redis://:{quote(values['REDIS_PASSWORD'], safe='')}@redis:6379"


def _origins(context: Context) -> str:
    return ",".join((context.url("app"), f"https://{context.host.domain}"))


CORE = (
    Variable("NODE_ENV", "mode of the API", T.NODE_ENVIRONMENT, "production", required=True),
    Variable(
        "DOMAIN",
        "the instance's domain; the subdomains hang below it",
        T.DOMAIN,
        lambda context: context.host.domain,
        "the host's domain",
        required=True,
        governed_by="domain",
    ),
    Variable(
        "INSTANCE_LABEL",
        "name of the instance in metrics and reports",
        T.TEXT,
        lambda context: context.host.label or context.host.name,
        "the host's label, else its name",
        required=True,
    ),
    Variable(
        "TZ",
        "time zone of the containers",
        T.TEXT,
        lambda context: context.host.base.timezone,
        "the host's time zone",
        required=True,
    ),
    Variable(
        "USER_ID",
        "user id that containers write files as",
        T.INTEGER,
        lambda context: str(context.ids.user_id),
        "id of the deploy user",
        required=True,
    ),
    Variable(
        "GROUP_ID",
        "group id that containers write files as",
        T.INTEGER,
        lambda context: str(context.ids.group_id),
        "group id of the deploy user",
        required=True,
    ),
    Variable(
        "DOCKER_GROUP_ID",
        "group that may use the engine's socket",
        T.INTEGER,
        lambda context: str(context.ids.docker_group_id),
        "id of the docker group",
        required=True,
    ),
    Variable("LOG_LEVEL", "how much the API logs", T.LOG_LEVEL, "info", required=True),
    Variable(
        "COMPOSE_PROFILES",
        "optional services that Compose starts",
        T.TEXT,
        lambda context: ",".join(context.profiles),
        "profiles of the features that are on",
        governed_by="features",
    ),
)

DATABASES = (
    Variable(
        "V2_POSTGRES_USER", "owner of the database", T.IDENTIFIER, "changemaker", required=True
    ),
    Variable("V2_POSTGRES_PASSWORD", "password of the database's owner", secret=PASSWORD),
    Variable(
        "V2_POSTGRES_DB", "name of the database", T.IDENTIFIER, "changemaker_v2", required=True
    ),
    Variable("V2_POSTGRES_PORT", "Postgres on the host", T.HOST_PORT, "5433", required=True),
    Variable(
        "DATABASE_URL",
        "how the API reaches Postgres",
        T.URL,
        default_text="from the V2_POSTGRES_ keys",
        secret=SecretSource(derived=_database_url),
    ),
    Variable("REDIS_PASSWORD", "password of Redis", secret=PASSWORD),
    Variable("REDIS_PORT", "Redis on the host", T.HOST_PORT, "6379", required=True),
    Variable(
        "REDIS_URL",
        "how the API reaches Redis",
        T.URL,
        default_text="from REDIS_PASSWORD",
        secret=SecretSource(derived=_redis_url),
    ),
)

SESSIONS = (
    Variable("JWT_ACCESS_SECRET", "signs access tokens", secret=SecretSource(64, "hex")),
    Variable("JWT_REFRESH_SECRET", "signs refresh tokens", secret=SecretSource(64, "hex")),
    Variable("JWT_ACCESS_EXPIRY", "life of an access token", T.DURATION, "15m", required=True),
    Variable("JWT_REFRESH_EXPIRY", "life of a refresh token", T.DURATION, "7d", required=True),
    Variable(
        "ENCRYPTION_KEY",
        "encrypts stored credentials; changing it makes them unreadable",
        T.HEX_32_BYTES,
        secret=SecretSource(64, "hex"),
    ),
    Variable(
        "INITIAL_ADMIN_EMAIL",
        "login of the first administrator, used by the seed",
        T.EMAIL,
        lambda context: f"admin@{context.host.domain}",
        "admin@ the host's domain",
        required=True,
    ),
    Variable("INITIAL_ADMIN_PASSWORD", "password of the first administrator", secret=PASSWORD),
)

API_AND_ADMIN = (
    Variable("API_PORT", "API on the host", T.HOST_PORT, "4000", required=True),
    Variable(
        "API_URL",
        "public address of the API",
        T.URL,
        lambda c: c.url("api"),
        "https://api.DOMAIN",
        required=True,
    ),
    Variable("API_BODY_LIMIT", "largest request body", T.SIZE, "10mb", required=True),
    Variable(
        "CORS_ORIGINS",
        "sites that may call the API from a browser",
        T.ORIGINS,
        _origins,
        "https://app.DOMAIN,https://DOMAIN",
        required=True,
    ),
    Variable(
        "RATE_LIMIT_WINDOW_MS", "window of the rate limit, ms", T.INTEGER, "900000", required=True
    ),
    Variable("RATE_LIMIT_MAX", "requests per address and window", T.INTEGER, "500", required=True),
    Variable("ADMIN_PORT", "admin page on the host", T.HOST_PORT, "3000", required=True),
    Variable(
        "ADMIN_URL",
        "public address of the admin page",
        T.URL,
        lambda c: c.url("app"),
        "https://app.DOMAIN",
        required=True,
    ),
    Variable("NGINX_HTTP_PORT", "HTTP on the host", T.HOST_PORT, "80", required=True),
    Variable("NGINX_HTTPS_PORT", "HTTPS on the host", T.HOST_PORT, "443", required=True),
)
