#!/bin/sh
# Whether sshd's configuration makes of a login as $LOGIN what it should; says what it does not.
# Arguments are sshd's own, such as a file to read.
as_expected() {
  effective=$(sshd -T "$@" -C "$(sshd_session "$LOGIN")" 2>&1) || {
    echo "sshd cannot say what holds for $LOGIN: $(printf '%s\n' "$effective" | head -n 1)"
    return 1
  }
  for line in 'passwordauthentication no' 'kbdinteractiveauthentication no' 'maxauthtries 4' \
    'authenticationmethods publickey' 'allowtcpforwarding no' 'x11forwarding no' \
    'pubkeyauthentication yes' "${KEYS:+authorizedkeysfile $KEYS}"; do
    [ -n "$line" ] || continue
    printf '%s\n' "$effective" | grep -qx "$line" || {
      echo "for $LOGIN sshd has '$(printf '%s\n' "$effective" | grep "^${line%% *} ")' instead of '$line'"
      return 1
    }
  done
  ports=$(printf '%s\n' "$effective" | sed -n 's/^port //p' | sort -n | tr '\n' ' ')
  [ "$ports" = "$PORTS " ] || {
    echo "sshd's configuration names port ${ports% } instead of $PORTS"
    return 1
  }
}
