# Sourced: `compile FOLDER SOURCES FLAGS…` compiles every C file of SOURCES and below, as the package does, into FOLDER/*.o.
kernels=$(cd "$here/../../Sources/CForgeKernels" && pwd)
compile() {
  folder=$1 sources=$2
  shift 2
  mkdir -p "$folder"
  pids=""
  for source in "$sources"/*.c "$sources"/*/*.c; do
    [ -e "$source" ] || continue
    name=$(echo "${source#"$sources"/}" | tr / -)
    "$clang" "$@" -std=gnu17 -O3 -ffp-contract=off -fno-math-errno -Wall -Wextra -Werror -I "$kernels/include" -c "$source" -o "$folder/$name.o" &
    pids="$pids $!"
  done
  for pid in $pids; do wait "$pid"; done
}
# `compile_kernels FOLDER`: the kernels for this machine; those that the package built, where KERNEL_OBJECTS names their folder.
compile_kernels() {
  if [ -n "${KERNEL_OBJECTS:-}" ] && [ -d "$KERNEL_OBJECTS" ]; then
    mkdir -p "$1"
    (cd "$KERNEL_OBJECTS" && find . -name '*.o' -printf '%P\n') | while read -r object; do cp "$KERNEL_OBJECTS/$object" "$1/$(echo "$object" | tr / -)"; done
  else
    compile "$1" "$kernels"
  fi
}
