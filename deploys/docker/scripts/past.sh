#!/bin/sh
# What an engine that is there was told, and what passes before it. Only reads.
echo '@@bunker daemon.json'; base64 /etc/docker/daemon.json 2>/dev/null || true
echo '@@bunker dockerd'
systemctl show --property ExecStart --value docker.service 2>/dev/null | sed -n 's/.*argv\[\]=\([^;]*\) ;.*/\1/p'
# An engine that was not started again since is still told what its files do not say any more.
echo '@@bunker running'
tr '\0' '\n' 2>/dev/null < "/proc/$(systemctl show --property MainPID --value docker.service)/cmdline" || true
echo '@@bunker default'; sed -n 's/^[[:space:]]*\(export \)\{0,1\}DOCKER_OPTS=//p' /etc/default/docker 2>/dev/null || true
echo '@@bunker started'
systemctl is-active docker.service 2>/dev/null || true
systemctl show --property InvocationID --value docker.service 2>/dev/null || true
cat /var/lib/bunker/docker-started-with 2>/dev/null || true
echo '@@bunker snap'; ls -d /snap/docker /var/snap/docker 2>/dev/null || true
echo '@@bunker firewalld'; systemctl is-active firewalld.service 2>/dev/null || true
echo '@@bunker rules'; iptables -S 2>/dev/null || true
echo '@@bunker docker-group'
# Where there is none, the number that it will get: one that neither adduser (from 100 up) nor
# groupadd (from 999 down) gives away meanwhile.
group=$(getent group docker | cut -d: -f3)
[ -n "$group" ] || for group in $(seq 800 -1 500); do getent group "$group" >/dev/null || break; done
echo "$group"
