# Sourced: finds Swift's clang, else any, and says in $clang how to call it; empty where there is none.
swift=$(command -v swift || true)
clang=${CLANG:-clang}
if [ -n "$swift" ]; then
  beside=$(dirname "$(readlink -f "$swift")")/clang
  [ -x "$beside" ] && clang=${CLANG:-$beside}
fi
command -v "$clang" >/dev/null || clang=""
