#!/bin/bash
# Runs the examples on phantoms and compares what they leave with one process. What the machine lacks is named and left out.
#
#   examples/check.sh .build/release [FOLDER]
#
# Slurm: a running slurmctld and slurmd (Debian: slurmctld slurmd munge; one node is enough). Snakemake: `snakemake` in PATH.
# Kubernetes: `kubernetes-validate` (pip), `kubeconform` or `kubectl` in PATH, else the manifest is read as YAML and its fields compared with what an Indexed Job needs.
set -euo pipefail
bin=$(realpath "${1:?the folder of scanforge and make-phantoms}")
here=$(dirname "$(realpath "$0")")
work=$(realpath "${2:-$(mktemp -d)}")
mkdir -p "$work"
cd "$work"
scanforge="$bin/scanforge"

[ -d phantoms ] || "$bin/make-phantoms" phantoms --patients 3 --slices 6 --size 64 --tiff-patients 2 > /dev/null
cat > pipeline.yaml <<'YAML'
name: divided
seed: 3
stages:
  - ingest:       { from: [phantoms/dicom, phantoms/tiff], labelFrom: "csv:phantoms/labels.csv" }
  - deidentify:   { profile: basic }
  - normalize:    { intensity: auto }
  - split:        { train: 0.75, test: 0.25 }
  - train:        { model: cgan, size: 32, steps: 4, batch: 4, width: 4, latent: 8 }
  - generate:     { model: cgan, perLabel: 40 }
  - train:        { model: srgan, factor: 2, size: 32, steps: 6, batch: 2, width: 4, blocks: 1, discriminatorWidth: 4 }
  - superResolve: { model: srgan, split: test }
  - export:       { to: out, format: [imagefolder, dicom, prov] }
YAML

# One process makes what the others must equal; all have its key.
begin() { # NAME: an empty workspace with the key
  rm -rf "$1" "$1-done" out
  mkdir -p "$1/keys"
  chmod 700 "$1" "$1/keys"
  cp pseudonym.key "$1/keys/"
}
[ -e pseudonym.key ] || "$scanforge" key new --key "$work/pseudonym.key" > /dev/null
begin whole
"$scanforge" run pipeline.yaml --workspace whole --progress none > /dev/null
rm -rf out-whole && mv out out-whole

rows() { # WORKSPACE: rows in order, without ids, chance and times
  "$scanforge" catalog sql --workspace "$1" --json "SELECT a.sha256, a.kind, a.origin, a.bytes, a.media, a.label, a.split, p.pseudonym, a.attributes, r.op,
    r.params, r.seed FROM artifact a JOIN run r ON r.id = a.run_id LEFT JOIN patient p ON p.id = a.patient_id WHERE a.kind != 'export' ORDER BY a.id"
  "$scanforge" catalog sql --workspace "$1" --json "SELECT c.sha256, q.sha256, d.role FROM derivation d JOIN artifact c ON c.id = d.child
    JOIN artifact q ON q.id = d.parent WHERE c.kind != 'export' ORDER BY d.child, d.parent, d.role"
}
compare() { # NAME
  diff -r out out-whole && diff <(rows "$1") <(rows whole) && "$scanforge" audit verify --workspace "$1" > /dev/null
  echo "$1: equal to one process ($(find out -type f | wc -l) exported files)"
}

if command -v sbatch > /dev/null && sinfo > /dev/null 2>&1; then
  begin slurm
  PIPELINE=pipeline.yaml WORKSPACE=slurm SHARDS=3 ROUNDS=3 SCANFORGE=$scanforge SBATCH_OPTIONS="--nice=10 --output=slurm-%x-%a.txt" "$here/slurm/job.sh"
  while [ -n "$(squeue --noheader --name shards-1,merge-1,shards-2,merge-2,shards-3,merge-3)" ]; do sleep 2; done
  compare slurm
else
  echo "slurm: left out, no running Slurm here"
fi

if command -v snakemake > /dev/null; then
  begin snakemake
  snakemake --snakefile "$here/snakemake/Snakefile" --directory "$work" --cores 2 --quiet all \
    --config pipeline=pipeline.yaml workspace=snakemake shards=3 rounds=3 scanforge="$scanforge" > snakemake.txt 2>&1 || { cat snakemake.txt; exit 1; }
  compare snakemake
else
  echo "snakemake: left out, not in PATH"
fi

if command -v kubernetes-validate > /dev/null; then
  kubernetes-validate --strict "$here/kubernetes/shards.yaml"
elif command -v kubeconform > /dev/null; then
  kubeconform -strict "$here/kubernetes/shards.yaml" && echo "kubernetes: the manifest fits its schema"
elif command -v kubectl > /dev/null; then
  kubectl create --dry-run=client --validate=true -f "$here/kubernetes/shards.yaml" -o name
else
  python3 - "$here/kubernetes/shards.yaml" <<'PYTHON'
import sys
try:
    import yaml
except ImportError:
    sys.exit(print("kubernetes: left out, neither kubeconform, kubectl nor PyYAML is here"))
job = yaml.safe_load(open(sys.argv[1]))
assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job")
spec = job["spec"]
assert spec["completionMode"] == "Indexed" and 0 < spec["parallelism"] <= spec["completions"]
pod = spec["template"]["spec"]
# podFailurePolicy asks for restartPolicy Never.
assert pod["restartPolicy"] == "Never"
volumes = {volume["name"] for volume in pod["volumes"]}
for container in pod["containers"] + pod["initContainers"]:
    assert {mount["name"] for mount in container["volumeMounts"]} <= volumes, container["name"]
names = {container["name"] for container in pod["containers"]}
assert all(rule["onExitCodes"]["containerName"] in names for rule in spec["podFailurePolicy"]["rules"])
assert f'$JOB_COMPLETION_INDEX/{spec["completions"]}"' in pod["containers"][0]["args"][0], "the shards' number is not that of the completions"
print("kubernetes: the manifest is an Indexed Job (fields compared; no schema at hand)")
PYTHON
fi
