#!/bin/bash
# labs.sh [EXERCISES]
# Proves exercises on the second kernel (run.sh says which): those that are named, by id or folder, else all of them. Each takes half a
# minute to three, all of them about an hour. Prints a line as each ends; exits as `tnet lab verify` does, 125 when the guest failed.
# br_netfilter is loaded first, as Docker does: some exercises are about it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(dirname "$(dirname "$here")")
[ -f "$repo/dist/bin/tnet.cjs" ] || { echo "test/vm: nothing is built; run: npm run build" >&2; exit 125; }
[ $# -gt 0 ] || set -- --all

# The guest's own /tmp, /run and /dev/shm hide what the host has there.
node=$(dirname "$(realpath "$(command -v node)")")
hidden=()
for folder in "$repo" "$node"; do
  case $folder in /tmp/* | /run/* | /dev/shm/*) hidden+=("$folder") ;; esac
done

words=$(printf '%q ' "$@")
command="modprobe br_netfilter; ip link set lo up
export PATH=$(printf %q "$node"):\$PATH TNET_START_TIMEOUT=90
cd $(printf %q "$repo") && node dist/bin/tnet.cjs lab verify $words"
SHARE="${SHARE:-} ${hidden[*]}" exec "$here/boot.sh" -t "${TNET_VM_TIMEOUT_S:-7200}" -c "$command"
