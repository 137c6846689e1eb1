#!/bin/sh
# Builds the C kernels and main.c with the address and undefined-behavior sanitizers of Swift's clang and runs them.
# Usage: run.sh [seed [rounds]]. Exit 0: clean (or no sanitizer on this machine, which is said); anything else: a finding.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
kernels=$here/../../Sources/CForgeKernels
. "$here/clang.sh"
if [ -z "$clang" ]; then
  echo "SKIPPED: kernel sanitizer: no clang"
  exit 0
fi
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
sanitize="-fsanitize=address,undefined -fno-sanitize-recover=all"
echo 'int main(void) { return 0; }' > "$build/probe.c"
# shellcheck disable=SC2086
if ! "$clang" $sanitize "$build/probe.c" -o "$build/probe" 2>/dev/null || ! "$build/probe"; then
  echo "SKIPPED: kernel sanitizer: this clang has no sanitizer runtime; building without it"
  sanitize=""
fi
pids=""
# Sanitized loops need not vectorize, whatever their pragmas ask for: hence -Wno-pass-failed.
for source in "$kernels"/*.c "$kernels"/*/*.c "$here/main.c"; do
  object=$build/$(echo "$source" | tr / _).o
  # The portable tables are the bodies of avx2.c over again, and half of the compile time.
  case $source in */portable/*) flags="" ;; *) flags=$sanitize ;; esac
  # shellcheck disable=SC2086
  "$clang" -std=gnu17 -O1 -g $flags -ffp-contract=off -fno-math-errno -Wall -Wextra -Werror -Wno-pass-failed -I "$kernels/include" -c "$source" -o "$object" &
  pids="$pids $!"
done
for pid in $pids; do wait "$pid"; done
# GNU gold warns about the runtime's own symbols; lld, which comes with Swift, does not.
linker=""
"$clang" -fuse-ld=lld "$build/probe.c" -o "$build/probe" 2>/dev/null && linker="-fuse-ld=lld"
# shellcheck disable=SC2086
"$clang" $sanitize $linker "$build"/*.o -lpthread -lm -o "$build/driver"
ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1 "$build/driver" "$@"
