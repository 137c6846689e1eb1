#!/bin/bash
# Installs the Debian packages that the build needs; without root it prints the line and stops.
set -euo pipefail
packages=(libdcmtk-dev libtiff-dev libpng-dev libopenjp2-7-dev libsqlite3-dev zlib1g-dev pkg-config)

if ! command -v swift >/dev/null; then
  echo "setup: no Swift toolchain on the PATH. Install Swift 6.3 or newer from https://www.swift.org/install/linux/ and run again." >&2
  exit 3
fi
missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true)
  [[ $status == ii* ]] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

line="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
if [ "$(id -u)" -ne 0 ]; then
  echo "setup: Debian packages are missing. Run this once, then try again:" >&2
  echo "  sudo sh -c '$line'" >&2
  exit 3
fi
echo "setup: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -20 "$log" >&2
  echo "setup: apt-get failed. Check the network and the package sources, then run: $line" >&2
  exit 3
fi
