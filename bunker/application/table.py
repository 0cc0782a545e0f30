"""The environment table: every key of the application's ``.env``, in the order it is written."""

from dataclasses import dataclass

from bunker.application import keys_core, keys_switches, keys_tools
from bunker.application.variables import SecretSpec, Variable


@dataclass(frozen=True)
class Group:
    """Keys that belong together, under one heading of the file and of the documentation."""

    title: str
    variables: tuple[Variable, ...]


GROUPS: tuple[Group, ...] = (
    Group("Core", keys_core.CORE),
    Group("Postgres and Redis", keys_core.DATABASES),
    Group("Sessions", keys_core.SESSIONS),
    Group("API and admin page", keys_core.API_AND_ADMIN),
    Group("Media", keys_switches.MEDIA),
    Group("Mail", keys_switches.MAIL),
    Group("Newsletter", keys_tools.NEWSLETTER),
    Group("Maps and geocoding", keys_tools.MAPS),
    Group("Tools", keys_tools.TOOLS),
    Group("Feature flags", keys_switches.FLAGS),
    Group("Monitoring", keys_tools.MONITORING),
    Group("Fleet", keys_tools.FLEET),
    Group("Tunnel", keys_tools.TUNNEL),
    Group("Backup", keys_tools.BACKUP),
)

TABLE: dict[str, Variable] = {
    variable.key: variable for group in GROUPS for variable in group.variables
}

SECRET_KEYS: frozenset[str] = frozenset(key for key, row in TABLE.items() if row.secret)
PUBLIC_KEYS: frozenset[str] = frozenset(TABLE) - SECRET_KEYS

SECRET_SPECS: tuple[SecretSpec, ...] = tuple(
    SecretSpec(
        key=row.key,
        length=row.secret.length,
        alphabet=row.secret.alphabet,
        generated=row.is_generated,
        meaning=row.meaning,
    )
    for row in TABLE.values()
    if row.secret is not None and row.secret.derived is None
)
