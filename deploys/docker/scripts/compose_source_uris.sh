# Where the host gets its own release from, as apt understood its sources in whatever format. Only
# an archive that has the main component; security and update suites have other names.
SOURCE=/etc/apt/sources.list.d/bunker-compose.sources
archives() {
  apt-get indextargets --format '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(SIGNED_BY)|$(CREATED_BY)' \
    | sed -n "s/^\(.*\)|$CODENAME|main|\(.*\)|Packages\$/\1 \2/p" | sort -u
}
