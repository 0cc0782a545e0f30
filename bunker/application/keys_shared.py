"""What the parts of the environment table share."""

from bunker.application.features import FEATURES_BY_NAME
from bunker.application.value_types import ValueType as T
from bunker.application.variables import SecretSource, Variable

PASSWORD = SecretSource(length=32, alphabet="urlsafe")
EXTERNAL = SecretSource(external=True)


def boolean(value: bool) -> str:
    """How the application writes yes and no."""
    return "true" if value else "false"


def flag(feature: str) -> Variable:
    """The key that switches a feature on; its value follows the host's features."""
    row = FEATURES_BY_NAME[feature]
    return Variable(
        row.enable_key,
        f"switches on: {row.meaning}",
        T.BOOLEAN,
        lambda context: boolean(context.features[feature]),
        f"features: {feature}",
        required=True,
        governed_by=f"features: {feature}",
    )
