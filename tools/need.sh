#!/usr/bin/env bash
# Checks for the programs that the tests run: a C compiler (for the race detector), PostgreSQL, Chromium, Postfix, swaks.
# As root on Debian it installs what is missing; elsewhere it prints what to run, and fails.
set -euo pipefail

have() { command -v "$1" >/dev/null 2>&1; }

have_initdb() {
  local found=(/usr/lib/postgresql/*/bin/initdb)
  [ -x "${found[0]}" ] || have initdb
}

if ! have go; then
  echo "need.sh: Go is missing; install the version that go.mod names" >&2
  exit 1
fi

missing=()
have gcc || missing+=(gcc libc6-dev)
have git || missing+=(git)
have_initdb || missing+=(postgresql)
have chromium || have chromium-browser || have google-chrome || missing+=(chromium)
have postfix || [ -x /usr/sbin/postfix ] || missing+=(postfix)
have swaks || missing+=(swaks)

[ "${#missing[@]}" -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! have apt-get; then
  echo "need.sh: the tests need programs that are missing here. On Debian or Ubuntu:" >&2
  echo "  sudo env DEBIAN_FRONTEND=noninteractive apt-get install --no-install-recommends -y ${missing[*]}" >&2
  exit 1
fi

echo "need.sh: installing ${missing[*]}"

# The tests start private copies of these programs. Nothing that is installed here may start by itself and listen.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
if have debconf-set-selections; then
  echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
fi
apt-get update -q
apt-get install --no-install-recommends -q -y "${missing[@]}"
