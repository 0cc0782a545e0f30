# What is loaded now, in a form that only changes when a rule does. The engine appends a RETURN to
# DOCKER-USER that our rules never reach.
live_rules() {
  for tool in iptables ip6tables; do
    "$tool" -S 2>/dev/null | awk -v tool="$tool" '
      $1 == "-P" && $2 == "INPUT" { print tool, $0 }
      $1 == "-A" && $2 == "INPUT" && $4 ~ /^ufw6?-before-input$/ { print tool, $0 }
      $1 == "-A" && $2 ~ /^(DOCKER-USER|bunker-(from|to)-containers|ufw6?-user-input|ufw6?-after-input)$/ \
        && $0 != "-A DOCKER-USER -j RETURN" { print tool, $0 }'
  done
}
