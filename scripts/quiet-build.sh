#!/bin/bash
# Shows a long build as a line every 30 seconds; everything when it fails.
set -uo pipefail
log=$(mktemp)
trap 'rm -f "$log"' EXIT
last=$(date +%s)
began=$last
result=1
while IFS= read -r line; do
  printf '%s\n' "$line" >>"$log"
  case $line in
  *"Build complete!"* | *"complete! ("*) result=0 ;;
  esac
  now=$(date +%s)
  if [ $((now - last)) -ge 30 ]; then
    printf 'build: %3d s  %s\n' $((now - began)) "${line:0:100}"
    last=$now
  fi
done
if [ $result -ne 0 ]; then
  grep -E 'error:|warning:' "$log" | sort -u | head -40 >&2
  tail -25 "$log" >&2
  exit 1
fi
printf 'build: done in %d s\n' $(($(date +%s) - began))
