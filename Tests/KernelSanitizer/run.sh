#!/bin/sh
# Builds the C kernels and main.c with the address and undefined-behavior sanitizers of Swift's clang and runs them. The driver is
# kept in .build until a source or the compiler changes.
# Usage: run.sh [seed [rounds]]. Exit 0: clean (or no sanitizer on this machine, which is said); anything else: a finding.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
package=$(cd "$here/../.." && pwd)
kernels=$package/Sources/CForgeKernels
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
key=$( (cd "$package" && "$clang" --version && echo "$sanitize" && find Sources/CForgeKernels Tests/KernelSanitizer -type f | LC_ALL=C sort | xargs cat) | sha256sum | cut -c1-16)
kept=$package/.build/kernel-sanitizer
driver=$kept/driver-$key
if [ ! -x "$driver" ]; then
  # The longest compilations first. The vector bodies take ten times as long at -O1, and there some reads are optimized away unseen.
  for source in "$kernels"/x86/*.c "$kernels"/neon/*.c "$kernels"/portable/*.c "$kernels"/scalar/*.c "$kernels"/*.c "$here/main.c"; do
    case $source in
      # The portable tables are the bodies of avx2.c over again, and half of the compile time.
      */portable/*) echo "$source -O0" ;;
      */x86/* | */neon/*) echo "$source -O0 $sanitize" ;;
      *) echo "$source -O1 $sanitize" ;;
    esac
  done > "$build/sources"
  pids=""
  while read -r source flags; do
    # Sanitized loops need not vectorize, whatever their pragmas ask for: hence -Wno-pass-failed.
    # shellcheck disable=SC2086
    "$clang" -std=gnu17 -gline-tables-only $flags -ffp-contract=off -fno-math-errno -Wall -Wextra -Werror -Wno-pass-failed -I "$kernels/include" -c "$source" \
      -o "$build/$(echo "${source#"$package"/}" | tr / _).o" &
    pids="$pids $!"
  done < "$build/sources"
  for pid in $pids; do wait "$pid"; done
  # GNU gold warns about the runtime's own symbols; lld, which comes with Swift, does not.
  linker=""
  "$clang" -fuse-ld=lld "$build/probe.c" -o "$build/probe" 2>/dev/null && linker="-fuse-ld=lld"
  # shellcheck disable=SC2086
  "$clang" $sanitize $linker "$build"/*.o -lpthread -lm -o "$build/driver"
  mkdir -p "$kept"
  rm -f "$kept"/driver-*
  mv "$build/driver" "$driver"
fi
# Fresh memory is all ones, which is NaN: a sum that takes up what nobody wrote there shows.
ASAN_OPTIONS=detect_stack_use_after_return=1:max_malloc_fill_size=1073741824:malloc_fill_byte=255 UBSAN_OPTIONS=print_stacktrace=1 "$driver" "$@"
