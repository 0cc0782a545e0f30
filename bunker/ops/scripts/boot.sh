#!/bin/sh
# Which boot of the host this is, and since when (seconds since 1970). A container has the boot id
# of its machine, so the start of PID 1 (in ticks of the machine's clock) counts as well.
boot() {
  echo '@@bunker boot'
  awk -v hz="$(getconf CLK_TCK)" -v now="$(date +%s)" -v id="$(cat /proc/sys/kernel/random/boot_id)" '
    FNR == NR { up = $1; next }
    { sub(/^.*\) /, ""); printf "%s-%s %d\n", id, $20, now - up + $20 / hz }' /proc/uptime /proc/1/stat
}
