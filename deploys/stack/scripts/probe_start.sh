#!/bin/sh
# Ask the application as a visitor would, 20 times a second, until told to stop or for half an hour. Each
# request is a new connection, so that none hides behind one that was open already.
front_door
install -d -m 0700 -o root -g root /run/bunker "$PROBE"
systemctl stop $PROBE_UNITS >/dev/null 2>&1 || true
systemctl reset-failed $PROBE_UNITS >/dev/null 2>&1 || true
cat > "$PROBE/curl.conf" <<END
url = "$ADDRESS?probe=[1-36000]"
header = "$HEADER"
header = "Connection: close"
user-agent = "bunker-probe"
rate = "20/s"
max-time = 10
output = "/dev/null"
silent
write-out = "%{stderr}%{http_code} %{time_total}\\n"
END
# Written to standard error, which curl does not buffer: nothing is lost when it is stopped.
rm -f "$PROBE/requests"
systemd-run --quiet --collect --unit="${PROBE_UNITS%% *}" --property=RuntimeMaxSec=1800 \
  --property=StandardOutput=null --property="StandardError=file:$PROBE/requests" \
  curl --disable --config "$PROBE/curl.conf" </dev/null 9>&-
