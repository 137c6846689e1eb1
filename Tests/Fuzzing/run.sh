#!/bin/bash
# Builds the fuzzers under the address sanitizer and runs each of them; a crash, a hang, a leak of memory or a broken law ends with its input's path.
#
#   Tests/Fuzzing/run.sh [seconds each, default 60] [scratch folder, default .build/fuzzing]
#
# FUZZ_SEED chooses where the search goes, 1 by default: a fresh clone repeats the same search, other seeds go elsewhere; 0 is another one each time.
# The corpus starts from Fixtures/fuzzing/seeds and every input that once failed (Fixtures/fuzzing/crashes); what it grows to stays in the scratch folder.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-60}
scratch=${2:-.build/fuzzing}
export SCANFORGE_FUZZING=1 SWIFT_BACKTRACE=enable=no
# The libraries' memory limits are the worker's business; symbolizing a report takes minutes.
export ASAN_OPTIONS=detect_leaks=0:symbolize=0:allocator_may_return_null=1:detect_odr_violation=0

for target in prescan dicom tiff; do
  swift build -c release --scratch-path "$scratch" --product "fuzz-$target" 2>&1 | scripts/quiet-build.sh
done
work=$scratch/corpora
mkdir -p "$work"/{prescan,dicom,tiff} "$work/found"
failed=0
run() {
  local target=$1 log=$work/$1.log
  shift
  if "$scratch/release/fuzz-$target" -seed="${FUZZ_SEED:-1}" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=4096 -max_len=16384 \
    -artifact_prefix="$work/found/$target-" "$work/$target" "$@" >"$log" 2>&1; then
    echo "fuzz-$target: $(grep -oE 'Done [0-9]+ runs in [0-9]+ second' "$log" | tail -1)s, 0 failures"
  else
    echo "fuzz-$target: FAILED; the input is in $work/found, the report ends:"
    grep -vE '^#[0-9]+\s+(NEW|REDUCE|pulse)' "$log" | tail -15
    failed=1
  fi
}
seeds=Fixtures/fuzzing/seeds
crashes=()
if [ -d Fixtures/fuzzing/crashes ]; then crashes=(Fixtures/fuzzing/crashes); fi
run prescan "$seeds/dicom" "$seeds/tiff" "${crashes[@]}"
run dicom "$seeds/dicom" "${crashes[@]}"
run tiff "$seeds/tiff" "${crashes[@]}"
exit "$failed"
