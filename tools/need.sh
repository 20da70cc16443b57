#!/usr/bin/env bash
# Checks for what the tests run: a C compiler (for the race detector), PostgreSQL, Chromium, Postfix, swaks,
# tesseract with three languages (it reads the text in pictures), and axe-core (accessibility checks, which npm fetches in the
# version that tools/axe locks).
# As root on Debian it installs what is missing; elsewhere it prints what to run, and fails.
set -euo pipefail
axe=$(cd "$(dirname "$0")" && pwd)/axe

have() { command -v "$1" >/dev/null 2>&1; }

have_initdb() {
  local found=(/usr/lib/postgresql/*/bin/initdb)
  [ -x "${found[0]}" ] || have initdb
}

have_tesseract() {
  have tesseract || return
  local languages
  languages=$(tesseract --list-langs 2>&1)
  for l in swe nld eng osd; do grep -qx "$l" <<<"$languages" || return; done
}

have_axe() { cmp -s "$axe/package-lock.json" "$axe/node_modules/.locked"; }

# fetch_axe runs what the lock file names, and no script of any package.
fetch_axe() {
  have_axe && return
  echo "need.sh: fetching axe-core"
  (cd "$axe" && npm ci --ignore-scripts --no-audit --no-fund)
  cp "$axe/package-lock.json" "$axe/node_modules/.locked"
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
perl -MNet::SSLeay -e 1 >/dev/null 2>&1 || missing+=(libnet-ssleay-perl) # without it swaks does no TLS
have_tesseract || missing+=(tesseract-ocr tesseract-ocr-swe tesseract-ocr-nld tesseract-ocr-eng tesseract-ocr-osd)
have_axe || have npm || missing+=(npm)

if [ "${#missing[@]}" -eq 0 ]; then
  fetch_axe
  exit 0
fi

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
fetch_axe
