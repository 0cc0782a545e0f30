"""Any Compose project: from a repository or from files in the fleet, at an exact version."""

from bunker.role import Port, Role

ROLE = Role(
    name="compose",
    summary="other Compose projects of the host, each at an exact version",
    deploy="deploys.compose.deploy:compose",
    check="deploys.compose.files:compose_bundle",
    published_ports="deploys.compose.port:published_ports",
    needs=("docker",),
    port=Port(
        settings="deploys.compose.settings:ComposeEntry",
        rollback="deploys.compose.deploy:roll_back",
        question="deploys.compose.port:question",
        gate="deploys.compose.deploy:gate",
        public_keys="deploys.compose.port:public_keys",
        ports="deploys.compose.port:ports",
    ),
)
