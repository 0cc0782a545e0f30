"""The instance's 12 subdomains: who answers there, which the tunnel and DNS must know.

The application lists the same names in its ``configs/pangolin/resources.yml``.
"""

from dataclasses import dataclass


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
