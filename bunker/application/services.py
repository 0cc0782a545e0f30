"""The Compose services of the application and its 12 subdomains, with what each is there for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    """One Compose service. ``profile`` "" means it is part of every instance."""

    name: str
    meaning: str
    profile: str = ""
    feature: str = ""


SERVICES: tuple[Service, ...] = (
    Service("v2-postgres", "database"),
    Service("redis", "cache, sessions and queues"),
    Service("api", "API"),
    Service("admin", "admin page"),
    Service("media-api", "media library", feature="media"),
    Service("nginx", "front door on ports 80 and 443"),
    Service("newt", "client of the Pangolin tunnel", feature="tunnel"),
    Service("listmonk", "newsletters", "listmonk", "listmonk"),
    Service("nocodb", "spreadsheet view of the database", "nocodb", "nocodb"),
    Service("gitea", "git server", "gitea", "gitea"),
    Service("n8n", "workflow automation", "n8n", "n8n"),
    Service("code-server", "editor in the browser", "code-server", "code_server"),
    Service("mkdocs", "documentation", "mkdocs", "mkdocs"),
    Service("homepage", "start page", "homepage", "homepage"),
    Service("mini-qr", "QR code maker", "mini-qr", "mini_qr"),
    Service("excalidraw", "whiteboard", "excalidraw", "excalidraw"),
    Service("mailhog", "mailbox for test mail", "mailhog", "mailhog"),
    Service("vaultwarden", "password manager", "vaultwarden", "vaultwarden"),
    Service("prometheus", "metrics", "monitoring", "monitoring"),
    Service("grafana", "dashboards", "monitoring", "monitoring"),
    Service("alertmanager", "alerts", "monitoring", "monitoring"),
    Service("cadvisor", "metrics of containers", "monitoring", "monitoring"),
    Service("node-exporter", "metrics of the host", "monitoring", "monitoring"),
    Service("redis-exporter", "metrics of Redis", "monitoring", "monitoring"),
    Service("gotify", "push messages", "monitoring", "monitoring"),
)

SERVICES_BY_NAME: dict[str, Service] = {service.name: service for service in SERVICES}


@dataclass(frozen=True)
class Resource:
    """One subdomain of the instance's domain and the service behind it.

    ``feature`` "" means that it is there on every instance.
    """

    subdomain: str
    service: str
    meaning: str
    feature: str = ""


RESOURCES: tuple[Resource, ...] = (
    Resource("app", "admin", "admin page"),
    Resource("api", "api", "API"),
    Resource("media", "media-api", "media library", "media"),
    Resource("db", "nocodb", "spreadsheet view of the database", "nocodb"),
    Resource("docs", "mkdocs", "documentation", "mkdocs"),
    Resource("code", "code-server", "editor in the browser", "code_server"),
    Resource("git", "gitea", "git server", "gitea"),
    Resource("n8n", "n8n", "workflow automation", "n8n"),
    Resource("home", "homepage", "start page", "homepage"),
    Resource("listmonk", "listmonk", "newsletters", "listmonk"),
    Resource("qr", "mini-qr", "QR code maker", "mini_qr"),
    Resource("grafana", "grafana", "dashboards", "monitoring"),
)
"""The application's ``configs/pangolin/resources.yml`` lists the same, for the tunnel and DNS."""
