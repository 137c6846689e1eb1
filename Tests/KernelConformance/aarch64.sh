#!/bin/sh
# Cross-compiles the kernels for aarch64, runs the sanitizer's driver and the conformance driver under user-mode emulation on the NEON,
# portable and scalar tables, and compares the table `portable` with this machine's, byte by byte. Usage: aarch64.sh [seed [rounds]].
# Needs qemu-user-static, gcc-12-aarch64-linux-gnu and libc6-dev-arm64-cross of Debian; says so and exits 0 where they are missing.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../KernelSanitizer/clang.sh"
. "$here/build.sh"
seed=${1:-1} rounds=${2:-60}
linker=$(command -v aarch64-linux-gnu-gcc-12 || command -v aarch64-linux-gnu-gcc || true)
emulator=$(command -v qemu-aarch64-static || command -v qemu-aarch64 || true)
headers=/usr/aarch64-linux-gnu/include
for need in "$clang" "$linker" "$emulator"; do
  if [ -z "$need" ] || [ ! -d "$headers" ]; then
    echo "SKIPPED: NEON kernels: qemu-user-static, gcc-12-aarch64-linux-gnu and libc6-dev-arm64-cross are not all here"
    exit 0
  fi
done
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
target="--target=aarch64-linux-gnu -isystem $headers"
# shellcheck disable=SC2086
for part in kernels conformance sanitizer; do
  sources=$here
  [ $part = kernels ] && sources=$kernels
  [ $part = sanitizer ] && sources=$here/../KernelSanitizer
  compile "$build/arm-$part" "$sources" $target
done
compile_kernels "$build/own-kernels"
compile "$build/own-conformance" "$here"
"$linker" -static "$build"/arm-kernels/*.o "$build"/arm-conformance/*.o -lpthread -lm -o "$build/arm"
"$linker" -static "$build"/arm-kernels/*.o "$build"/arm-sanitizer/*.o -lpthread -lm -o "$build/arm-slots"
"$clang" "$build"/own-kernels/*.o "$build"/own-conformance/*.o -lpthread -lm -o "$build/own"

"$emulator" "$build/arm-slots" "$seed" 20
"$emulator" "$build/arm" check "$seed" "$rounds"
hashed=$((2 * rounds))
"$emulator" "$build/arm" hash portable "$seed" "$hashed" > "$build/emulated"
"$build/own" hash portable "$seed" "$hashed" > "$build/native"
diff "$build/native" "$build/emulated"
cat "$build/native"
echo "portable: $(uname -m) and emulated aarch64 give the same bytes over $hashed rounds of every slot"
