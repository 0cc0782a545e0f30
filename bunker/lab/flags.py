"""The settings of a container in which systemd, sshd and a nested Docker engine run as on a server.

Measured on Debian 12 and 13 hosts; ``--privileged`` is avoided because it fails on machines that
lack a capability in their bounding set.
"""

import re
from pathlib import Path
from typing import Any

# Bit numbers are the kernel's (linux/capability.h).
CAPABILITIES = tuple(
    """
    CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE
    NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO
    SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME
    SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG
    WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
    """.split()  # noqa: SIM905 - a table to compare with the kernel's
)

# A lab host shares the machine's kernel: it must neither load modules into it nor set its clock.
NEVER_GIVEN = ("SYS_MODULE", "SYS_TIME")


def missing_capabilities(status: str, last_capability: int) -> list[str]:
    """Capabilities that the kernel knows but the bounding set lacks.

    ``status`` is the text of /proc/self/status, ``last_capability`` the number in
    /proc/sys/kernel/cap_last_cap.
    """
    found = re.search(r"^CapBnd:\s*([0-9a-f]+)", status, re.MULTILINE)
    if not found:
        return []
    bounding = int(found[1], 16)
    return [
        name
        for bit, name in enumerate(CAPABILITIES)
        if bit <= last_capability and not bounding >> bit & 1
    ]


def read_missing_capabilities() -> list[str]:
    """The same, of this process."""
    last = Path("/proc/sys/kernel/cap_last_cap")
    return missing_capabilities(
        Path("/proc/self/status").read_text(),
        int(last.read_text()) if last.exists() else len(CAPABILITIES) - 1,
    )


def host_config(cgroup_version: int, missing: list[str]) -> dict[str, Any]:
    """The engine's HostConfig of a host, apart from its network and its volume."""
    return {
        "CapAdd": ["ALL"],
        "CapDrop": [*NEVER_GIVEN, *(name for name in missing if name not in NEVER_GIVEN)],
        "SecurityOpt": ["seccomp=unconfined", "apparmor=unconfined"],
        # A writable /proc/sys: without it the nested engine cannot start a container.
        "MaskedPaths": [],
        "ReadonlyPaths": [],
        "Tmpfs": {"/run": "", "/run/lock": "", "/tmp": "exec"},  # noqa: S108 - the host's own
        # A reboot from inside ends the container; this brings it back, as a server would.
        "RestartPolicy": {"Name": "unless-stopped"},
        "Binds": ["/sys/fs/cgroup:/sys/fs/cgroup:rw"] if cgroup_version == 1 else [],
        "CgroupnsMode": "" if cgroup_version == 1 else "private",
    }


def init_command(cgroup_version: int) -> list[str]:
    """What PID 1 of a host is started with."""
    if cgroup_version == 1:
        # systemd 256 and later refuses the old hierarchy unless it is forced; older ones ignore it.
        return [
            "/sbin/init",
            "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1",
            "systemd.unified_cgroup_hierarchy=0",
        ]
    # The engine mounts the host's own part of the hierarchy read-only; systemd has to write there.
    return ["/bin/sh", "-c", "mount -o remount,bind,rw /sys/fs/cgroup && exec /sbin/init"]
