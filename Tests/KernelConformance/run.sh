#!/bin/sh
# Thousands of random geometries through every kernel table of this CPU, against an oracle in double; then the copies of the table
# `portable` against each other, byte by byte. Usage: run.sh [seed [rounds]]. Exit 0: all well (or no clang here, which is said).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# -le 2 ] || { echo "kernel conformance: at most seed and rounds" >&2; exit 2; }
. "$here/../KernelSanitizer/clang.sh"
. "$here/build.sh"
if [ -z "$clang" ]; then
  echo "SKIPPED: kernel conformance: no clang"
  exit 0
fi
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
compile_kernels "$build/kernels"
compile "$build/conformance" "$here"
"$clang" "$build"/*/*.o -lpthread -lm -o "$build/driver"
"$build/driver" check "${1:-1}" "${2:-1500}"
"$build/driver" hash portable "${1:-1}" 60 > "$build/portable"
if "$build/driver" hash portable-baseline "${1:-1}" 60 > "$build/baseline"; then
  diff "$build/portable" "$build/baseline"
  echo "portable: the wide and the baseline copy give the same bytes"
fi
