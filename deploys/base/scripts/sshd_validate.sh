#!/bin/sh
# The configuration as sshd would read it once the staged files are in place.
@sshd_expected@
mkdir -p /run/sshd
[ -s /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
would=$STAGE/would-be
mkdir -p "$would"
tar -C /etc/ssh --exclude='ssh_host_*' --exclude='moduli*' -cf - . | tar -C "$would" -xf -
cp -a "$STAGE/etc/ssh/." "$would/"
# What includes a file below /etc/ssh, by its whole name or from there on, includes the copy.
find "$would" -type f | while read -r file; do
  awk -v would="$would/" '
    tolower($0) ~ /^[ \t]*include[ \t=]/ {
      sub(/=/, " "); gsub(/"/, ""); line = $1
      for (i = 2; i <= NF; i++) {
        name = $i
        if (name !~ /^\//) name = "/etc/ssh/" name
        sub(/^\/etc\/ssh\//, would, name)
        line = line " " name
      }
      print line; next
    }
    { print }' "$file" > "$file.new"
  mv "$file.new" "$file"
done
sshd -t -f "$would/sshd_config"
as_expected -f "$would/sshd_config"
for port in $PORTS; do
  owner=$(ss -Hltnp "sport = :$port" | grep -v -e '"sshd"' -e '"systemd"' || true)
  [ -z "$owner" ] || { echo "port $port is taken: $owner"; exit 1; }
done
rm -rf "$would"
