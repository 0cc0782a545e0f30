"""A private registry on a host: the lab's own behind nginx, which refuses, limits or vouches."""

from __future__ import annotations

from tests.lab.fleet_under_test import FleetUnderTest

PLAIN = "127.0.0.1:5001"
"""The engine takes plain HTTP from loopback addresses."""
OTHERS = ("127.0.0.2:5001", "127.0.0.3:5001")
"""More of the same, whose images are others to the engine."""
NGINX = "library/nginx:alpine"
PASSWORD = "CanaryOfTheGate+100%"
LIMITED = (
    'default_type application/json; return 429 \'{"errors":[{"code":"TOOMANYREQUESTS",'
    '"message":"You have reached your pull rate limit."}]}\';'
)
"""A stand-in's answer: what a registry says of a limit, word for word."""
ASKS = 'auth_basic "a private registry"; auth_basic_user_file /srv/gate/users;'
START = """
umask 022
mkdir -p /srv/gate && cd /srv/gate
printf 'ops:{PLAIN}%s\\n' '@PASSWORD@' > users
cat > default.conf <<'END'
server { listen @LISTEN@; location / { @RULE@ } }
END
docker rm -f gate >/dev/null 2>&1 || true
docker run -d --name gate --network host -v /srv/gate:/srv/gate:ro \\
  -v "$PWD/default.conf:/etc/nginx/conf.d/default.conf:ro" nginx:alpine >/dev/null
for i in $(seq 100); do ! curl -ksS "@ASK@/v2/" >/dev/null 2>&1 || exit 0; sleep 0.1; done
docker logs gate; exit 1
"""
CERTIFICATE = """
set -e
mkdir -p /srv/gate "/etc/docker/certs.d/@ADDRESS@:5443" && cd /srv/gate
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=gate \\
  -addext subjectAltName=IP:@ADDRESS@ -not_before @BEGINS@ -not_after 20990101000000Z 2>&1
cp cert.pem "/etc/docker/certs.d/@ADDRESS@:5443/ca.crt"
"""


def gate(fleet: FleetUnderTest, *rules: str, place: str = PLAIN) -> str:
    """Let it run with these rules of nginx; the image's name there.

    What is not refused comes from the lab's registry.
    """
    _start(fleet, place, f"http://{place}", *rules)
    return f"{place}/{NGINX}"


def _start(fleet: FleetUnderTest, listen: str, ask: str, *rules: str) -> None:
    rule = f"{' '.join(rules)} proxy_pass {fleet.state.registry_mirror};"
    if rules and "return" in rules[0]:
        rule = rules[0]
    script = START.replace("@RULE@", f"proxy_set_header Host $http_host; {rule}")
    script = script.replace("@LISTEN@", listen).replace("@ASK@", ask)
    fleet.on("north", script.replace("@PASSWORD@", PASSWORD))


def gate_with_certificate(fleet: FleetUnderTest, begins: str) -> str:
    """It speaks TLS, and the engine knows its certificate; the image's name there."""
    address = fleet.state.host("north").address
    script = CERTIFICATE.replace("@ADDRESS@", address).replace("@BEGINS@", begins)
    fleet.on("north", script)
    listen = (
        f"{address}:5443 ssl; ssl_certificate /srv/gate/cert.pem;"
        " ssl_certificate_key /srv/gate/key.pem"
    )
    _start(fleet, listen, f"https://{address}:5443")
    return f"{address}:5443/{NGINX}"
