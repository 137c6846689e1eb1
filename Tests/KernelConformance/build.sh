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
