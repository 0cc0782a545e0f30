# In a container everything but net.* belongs to the machine below and is left alone there.
if systemd-detect-virt --quiet --container; then own='^net[.]'; else own=.; fi
disagreeing() {
  # One process for all keys: the check runs at every plan. A kernel without a feature has no such
  # file. (The shell's own `read` takes one byte at a time, which these files do not serve.)
  awk -v own="$own" '$2 == "=" && $1 ~ own {
    path = $1; gsub(/[.]/, "/", path); path = "/proc/sys/" path
    if ((getline now < path) > 0 && now != $3) print path, $3
    close(path)
  }' "$FILE"
}
