#!/bin/sh
# The kernel's own parser reads every staged rule file; --test loads nothing.
# Chains that ufw makes itself when it starts are declared in front.
check_rules() {
  family=$1; restore=$2; file=$3
  {
    echo '*filter'
    sed -n '/^:/p' "$STAGE$file"
    for chain in after-input after-output after-forward skip-to-policy-input; do
      grep -q "^:ufw$family-$chain " "$STAGE$file" || echo ":ufw$family-$chain - [0:0]"
    done
    sed -n '/^-/p' "$STAGE$file"
    echo COMMIT
  } > "$STAGE/rules.test"
  if ! "$restore" --test < "$STAGE/rules.test"; then
    echo "$file: $restore refuses the rules"
    exit 1
  fi
  rm -f "$STAGE/rules.test"
}
check_rules '' iptables-restore /etc/ufw/user.rules
check_rules '' iptables-restore /etc/ufw/after.rules
if ip6tables -n -L INPUT >/dev/null 2>&1; then
  check_rules 6 ip6tables-restore /etc/ufw/user6.rules
  check_rules 6 ip6tables-restore /etc/ufw/after6.rules
fi
