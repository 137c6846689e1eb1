#!/bin/bash
# Runs the reference tests once per kernel table of this machine, forced by SCANFORGE_KERNELS. Usage: test-tables.sh BIN ARGUMENTS-OF-SWIFT-TEST…
set -uo pipefail
bin=$1
shift
# The suites that read ../shared/reference, found by what they call: a new one is not forgotten.
folder=$(cd "$(dirname "$0")/../Tests" && pwd)
suites=$(grep -rlE 'try (Reference|ReferenceCase)\(|ReferenceCase\.' "$folder"/Forge*Tests --include='*.swift' | xargs sed -nE 's/^@Suite.* struct ([A-Za-z0-9]+Tests) .*/\1/p' | sort -u | paste -sd'|')
if [ -z "$suites" ]; then
  echo "tables: FAILED (no suite reads the reference)"
  exit 1
fi
tables=$("$bin/scanforge" doctor --workspace /nonexistent 2>/dev/null | sed -nE 's/.* available: ([^;]*);.*/\1/p' | tr -d ,)
if [ -z "$tables" ]; then
  echo "tables: FAILED (doctor names none)"
  exit 1
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for table in $tables; do
  SCANFORGE_KERNELS=$table swift test "$@" --skip-build --disable-xctest --filter "\.($suites)/" >"$log" 2>&1
  status=$?
  summary=$(grep -E 'Test run with [1-9][0-9]* tests?' "$log" | tail -1)
  if [ $status -ne 0 ] || [ -z "$summary" ]; then
    tail -40 "$log"
    echo "tables: FAILED on $table"
    exit 1
  fi
  echo "references on $table: $(sed -E 's/.*(Test run)/\1/' <<<"$summary")"
done
