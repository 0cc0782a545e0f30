#!/bin/sh
# All upgrades at once, configuration files stay as they are here. After an interruption dpkg and
# apt first finish what was begun.
export NEEDRESTART_MODE=a
running() { docker ps --quiet --no-trunc 2>/dev/null 9>&- | sort; }
finish_installation
# The lists are newer than the plan: what it would have refused is refused here too.
simulated=$(apt -s --fix-broken dist-upgrade)
for name in $(printf '%s\n' "$simulated" | removals); do
  case " $PROTECTED " in
    *" $name "*)
      echo "the upgrade would remove $name, which the host needs; nothing was upgraded" >&2
      exit 65 ;;
  esac
done
engine=no
if systemctl is-active --quiet docker.service 2>/dev/null; then engine=yes; fi
before=$(running)
apt --yes --fix-broken dist-upgrade
apt clean
[ "$engine" = yes ] || exit 0
# Its upgrade restarts the engine. Containers outlive that with live-restore.
tries=300
until docker info --format '{{.ServerVersion}}' >/dev/null 2>&1 9>&-; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || { echo 'the engine does not answer after its upgrade; its last log lines:' >&2; journalctl -u docker -n 20 --no-pager >&2; exit 70; }
  sleep 0.2
done
[ "$before" = "$(running)" ] || echo 'containers were restarted with the engine'
