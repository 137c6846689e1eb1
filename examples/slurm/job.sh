#!/bin/bash
# A pipeline as Slurm jobs: arrays where the work divides, one task where it does not.
#
#   PIPELINE=pipeline.yaml WORKSPACE=/data/workspace SHARDS=8 examples/slurm/job.sh
#
# A round is an array and one task after it: ROUNDS=1 does ingest to normalize in shards, then split and train and all that never divides up to the next
# stage that does; ROUNDS=3 reaches the end of a pipeline with generate and superResolve. A task that was preempted runs again (--requeue).
#
# The task after an array starts however the array ended: items that failed (exit 1) must not stop the others, and merge refuses a shard that is missing
# or unfinished. Run the same line again then: shards that are finished say so at once.
set -euo pipefail
: "${PIPELINE:?the pipeline file}" "${WORKSPACE:?the workspace}"
SHARDS=${SHARDS:-4} ROUNDS=${ROUNDS:-1} SCANFORGE=${SCANFORGE:-scanforge} SBATCH_OPTIONS=${SBATCH_OPTIONS:-}

# One key for all shards: a shard never makes one.
[ -e "$WORKSPACE/keys/pseudonym.key" ] || "$SCANFORGE" key new --workspace "$WORKSPACE"

after=()
for round in $(seq "$ROUNDS"); do
  # shellcheck disable=SC2086 # options are words
  array=$(sbatch --parsable $SBATCH_OPTIONS "${after[@]}" --requeue --job-name "shards-$round" --array "0-$((SHARDS - 1))" --wrap \
    "exec '$SCANFORGE' run '$PIPELINE' --workspace '$WORKSPACE' --shard \$SLURM_ARRAY_TASK_ID/$SHARDS --threads \${SLURM_CPUS_PER_TASK:-1} --progress none")
  # shellcheck disable=SC2086
  single=$(sbatch --parsable $SBATCH_OPTIONS --dependency "afterany:$array" --requeue --job-name "merge-$round" --wrap \
    "'$SCANFORGE' merge '$WORKSPACE/shards' --workspace '$WORKSPACE' --progress none || [ \$? -eq 1 ] || exit
     exec '$SCANFORGE' run '$PIPELINE' --workspace '$WORKSPACE' --undivided --progress none")
  echo "round $round: array $array, then $single"
  after=(--dependency "afterok:$single" --kill-on-invalid-dep=yes)
done
