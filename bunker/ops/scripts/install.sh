#!/bin/sh
# Install $PACKAGES. Only $REMOVALS may go for it: what the plan did not say is not removed.
export NEEDRESTART_MODE=l
finish_installation
# Lists older than an hour, or none, are fetched; a mirror that answers badly gets a second try.
if [ -z "$(find /var/lib/apt/lists -name '*_Packages*' -mmin -60 2>/dev/null | head -n 1)" ] \
  || [ -n "$(find /etc/apt -name '*.sources' -newer /var/lib/apt/lists 2>/dev/null)" ]; then
  apt update || { sleep 3; apt update; }
fi
[ -n "$PACKAGES" ] || exit 0
simulated=$(apt -s install --no-install-recommends $PACKAGES)
for name in $(printf '%s\n' "$simulated" | removals); do
  case " $REMOVALS " in
    *" $name "*) ;;
    *)
      echo "installing $PACKAGES would remove $name, which the plan did not say; nothing was installed" >&2
      exit 65 ;;
  esac
done
apt install --yes --no-install-recommends $PACKAGES
