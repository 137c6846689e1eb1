#!/bin/bash
# Tells where the results of `make run` are. Arguments: folder of the programs, folder of the run.
set -euo pipefail
bin=$1
run=$2
latest() { find "$run/workspace/runs" -name "$1" -printf '%T@ %p\n' 2>/dev/null | sort -n | tail -1 | cut -d' ' -f2-; }
echo
echo "What was made:"
"$bin/scanforge" catalog sql --workspace "$run/workspace" \
  "select count(*) as n, origin, kind from artifact where kind in ('image', 'slice', 'model') group by origin, kind order by origin, kind" | sed 's/^/  /'
echo "  synthetic slices, a row per label:   $(latest generated.png)"
echo "  super-resolution beside bicubic:     $(find "$run/workspace/runs" -name 'samples-*.png' -printf '%T@ %p\n' | sort -n | tail -1 | cut -d' ' -f2-)"
echo "  labelled training set:               $run/export/imagefolder  and  $run/export/dicom  (MANIFEST.sha256 covers all)"
echo "  catalog, models, objects:            $run/workspace"
echo
echo "Where to look next: README.md (your own scans in five minutes), scanforge audit lineage FILE, docs/cli.md"
echo "For research, not for diagnosis."
