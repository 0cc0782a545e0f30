#!/bin/sh
# Who may log in, by what, and where sshd listens. Only reads. LOGIN is the inventory's user.
echo '@@bunker login'
getent passwd "$LOGIN" | sed 's/^/passwd /'
echo "group $(id -gn "$LOGIN" 2>/dev/null)"
echo "expires $(getent shadow "$LOGIN" | cut -d: -f8)"
echo "today $(($(date +%s) / 86400))"
home=$(getent passwd "$LOGIN" | cut -d: -f6)
[ -z "$home" ] || echo "home $(stat -L -c '%U %a' "$home" 2>/dev/null)"

echo '@@bunker sshd'
# The main file and whatever is included, from there on; patterns are relative to /etc/ssh.
todo=/etc/ssh/sshd_config
seen=' '
count=0
while [ -n "$todo" ]; do
  next=
  for file in $todo; do
    case "$seen" in *" $file "*) continue ;; esac
    seen="$seen$file "
    [ -f "$file" ] || continue
    count=$((count + 1))
    [ "$count" -le 60 ] || break
    if [ -L "$file" ]; then echo "link $file"; else echo "$(stat -c %a "$file") $file"; fi
    sed 's/^/|/' "$file"
    for pattern in $(sed -nE 's/^[[:space:]]*[Ii][Nn][Cc][Ll][Uu][Dd][Ee]([[:space:]]*=[[:space:]]*|[[:space:]]+)//p' "$file" | tr -d '"'); do
      case "$pattern" in /*) next="$next $pattern" ;; *) next="$next /etc/ssh/$pattern" ;; esac
    done
  done
  todo=$next
done

echo '@@bunker listening'
if systemctl is-active --quiet ssh.socket || systemctl is-enabled --quiet ssh.socket 2>/dev/null; then
  echo socket
fi
systemctl cat --no-pager ssh.socket 2>/dev/null | sed 's/^/unit /'
sshd_ports | sed 's/^/port /'
main=$(systemctl show -P MainPID ssh.service)
ss -Hltnp | grep -E '\("(sshd|dropbear)"' | while read -r _state _in _out address _peer process; do
  pid=$(printf '%s\n' "$process" | sed -nE 's/.*\("(sshd|dropbear)",pid=([0-9]+),.*/\2/p')
  [ "$pid" != "$main" ] || continue
  [ "$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status" 2>/dev/null)" = 1 ] || continue
  echo "other ${address##*:} $(tr '\0' ' ' < "/proc/$pid/cmdline" | cut -c 1-100)"
done

echo '@@bunker people'
# sshd wants its directory, which is gone where systemd listens and no one is logged in.
ask_sshd() {
  if [ -d /run/sshd ]; then
    sshd -T -C "$1" 2>&1
  else
    unshare -m sh -c 'mount -t tmpfs none /run && mkdir /run/sshd && sshd -T -C "$1" 2>&1' sh "$1"
  fi
}
sudoers=$(cat /etc/sudoers /etc/sudoers.d/* 2>/dev/null)
getent passwd | awk -F: '$7 !~ /(nologin|false|sync|shutdown|halt)$/ && ($3 == 0 || $3 >= 1000 && $3 != 65534)' \
  | head -n 40 | while IFS=: read -r name _password uid _gid _gecos home _shell; do
  echo "person $name $uid"
  case "$(getent shadow "$name" | cut -d: -f2)" in '$'*) echo 'password' ;; esac
  for who in "$name" $(id -nG "$name" | tr ' ' '\n' | sed 's/^/%/'); do
    if printf '%s\n' "$sudoers" | awk -v who="$who" '$1 == who { found = 1 } END { exit !found }'; then
      echo 'sudo'
      break
    fi
  done
  session=$(sshd_session "$name")
  if ! answer=$(ask_sshd "$session"); then
    echo "error $(printf '%s\n' "$answer" | head -n 1)"
    continue
  fi
  printf '%s\n' "$answer" | grep -E \
    '^(permitrootlogin|pubkeyauthentication|passwordauthentication|kbdinteractiveauthentication|authenticationmethods|authorizedkeyscommand|trustedusercakeys) ' \
    | sed 's/^/is /'
  for file in $(printf '%s\n' "$answer" | sed -n 's/^authorizedkeysfile //p'); do
    [ "$file" != none ] || continue
    file=$(printf '%s\n' "$file" | sed "s|%h|$home|g; s|%u|$name|g; s|%U|$uid|g; s|%%|%|g")
    case "$file" in /*) ;; *) file=$home/$file ;; esac
    keys=$(grep -cvE '^[[:space:]]*(#|$)' "$file" 2>/dev/null)
    [ "${keys:-0}" = 0 ] || echo "keys $keys $file"
  done
done
