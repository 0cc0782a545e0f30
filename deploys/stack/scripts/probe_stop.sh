#!/bin/sh
# End the probe and say what it saw, in one line. A request stands for the time until the next one:
# a twentieth of a second, or as long as it took.
systemctl stop $PROBE_UNITS >/dev/null 2>&1 || true
if [ -s "$PROBE/requests" ]; then
  awk '
    NF == 2 && $1 ~ /^[0-9]+$/ {
      took = $2 < 0.05 ? 0.05 : $2
      requests++
      seconds += took
      if ($2 > slowest) slowest = $2
      # 429 is an answer: someone limits how often the probe may ask.
      if ($1 !~ /^[23]/ && $1 != 429) {
        failed++
        unavailable += took
        outage += took
        if (outage > longest) longest = outage
      } else outage = 0
    }
    END {
      printf "availability {\"requests\": %d, \"failed\": %d, \"longest_outage_seconds\": %.3f, ", \
        requests, failed, longest
      printf "\"unavailable_seconds\": %.3f, \"slowest_seconds\": %.3f, \"seconds\": %.1f}\n", \
        unavailable, slowest, seconds
    }' "$PROBE/requests"
fi
rm -rf "$PROBE"
