#!/bin/bash
# Runs all tests of the built package, prints failures, what was skipped and the count. Arguments go to swift test.
set -uo pipefail
log=$(mktemp)
trap 'rm -f "$log"' EXIT
swift test "$@" --skip-build --disable-xctest 2>&1 | tee "$log" | grep --line-buffered -E '^(SKIPPED|.*(✘|error:|Fatal error|warning:|Suite .* passed))' || true
status=${PIPESTATUS[0]}
summary=$(grep -E 'Test run with [0-9]+ tests?' "$log" | tail -1)
count=$(sed -nE 's/.*Test run with ([0-9]+) tests?.*/\1/p' <<<"$summary")
skipped=$(grep -c '^SKIPPED' "$log")
echo "tests: ${count:-0} run, $skipped parts skipped for want of optional data"
echo "$summary"
if [ "${status}" -ne 0 ] || [ "${count:-0}" -lt 1 ]; then
  tail -40 "$log"
  echo "tests: FAILED"
  exit 1
fi
