#!/bin/bash
# Runs the reference tests once per kernel table of this machine, forced by SCANFORGE_KERNELS. Usage: test-tables.sh BIN ARGUMENTS-OF-SWIFT-TEST…
set -uo pipefail
bin=$1
shift
tables=$("$bin/scanforge" doctor --workspace /nonexistent 2>/dev/null | sed -nE 's/.* available: ([^;]*);.*/\1/p' | tr -d ,)
if [ -z "$tables" ]; then
  echo "tables: FAILED (doctor names none)"
  exit 1
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for table in $tables; do
  SCANFORGE_KERNELS=$table swift test "$@" --skip-build --disable-xctest --filter ReferenceTests >"$log" 2>&1
  status=$?
  summary=$(grep -E 'Test run with [1-9][0-9]* tests?' "$log" | tail -1)
  if [ $status -ne 0 ] || [ -z "$summary" ]; then
    tail -40 "$log"
    echo "tables: FAILED on $table"
    exit 1
  fi
  echo "references on $table: $(sed -E 's/.*(Test run)/\1/' <<<"$summary")"
done
