"""A Changemaker instance: its Compose stack at an exact commit, and how a change is rolled back."""

from bunker.role import Port, Role

ROLE = Role(
    name="changemaker",
    summary="the stack at an exact commit; `env`: its environment alone",
    deploy="deploys.changemaker.deploy:changemaker",
    groups=("changemaker",),
    parts=("env", "changemaker"),
    check="deploys.changemaker.bundles:changemaker_bundle",
    secrets="bunker.application.table:SECRET_SPECS",
    egress="deploys.changemaker.egress:egress",
    published_ports="deploys.changemaker.port:published_ports",
    sections=("application", "features", "environment", "resources"),
    needs=("docker",),
    port=Port(
        settings="deploys.changemaker.settings:ChangemakerEntry",
        rollback="deploys.changemaker.deploy:roll_back",
        question="deploys.changemaker.port:question",
        findings="deploys.changemaker.port:findings",
        gate="deploys.changemaker.deploy:gate",
        public_keys="deploys.changemaker.port:public_keys",
        ports="deploys.changemaker.port:ports",
        metrics="deploys.changemaker.port:metrics",
        table="bunker.application.table:TABLE",
        logs_of_steps="deploys.changemaker.port:LOGS_OF_STEPS",
    ),
)
