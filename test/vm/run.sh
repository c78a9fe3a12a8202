#!/bin/bash
# run.sh [COMPILED TEST FILES]
# Runs kernel tests on a second kernel: Debian's stock one in QEMU, with cgroup v2, all capabilities, and the link types that
# the machine at hand may lack. One boot for all of them. Without arguments: every compiled *.kernel.test.js, cgroups first.
# TNET_DIST names the compiled tree (default dist), as for AVA on the host. Exits as AVA does; 125 when the guest failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(dirname "$(dirname "$here")")
cd "$repo"
dist=${TNET_DIST:-dist}

files=("$@")
if [ ${#files[@]} = 0 ]; then
  mapfile -t files < <(find "$dist/test" -name '*.kernel.test.js' 2>/dev/null | sort | awk '/cgroup/ {print; next} {rest = rest $0 "\n"} END {printf "%s", rest}')
fi
[ ${#files[@]} -gt 0 ] || { echo "test/vm: no compiled kernel tests in $dist; run: npm run build" >&2; exit 125; }

# The node at hand, wherever it is.
node=$(dirname "$(realpath "$(command -v node)")")

# The guest's own /tmp, /run and /dev/shm hide what the host has there.
hidden=()
for folder in "$repo" "$node"; do
  case $folder in /tmp/* | /run/* | /dev/shm/*) hidden+=("$folder") ;; esac
done

# One test file at a time: there are two emulated CPUs, and tests measure time.
command=$(printf '%q ' env "PATH=$node:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "TNET_DIST=$dist" TNET_START_TIMEOUT=90 \
  node node_modules/ava/entrypoints/cli.mjs --timeout=10m --concurrency=1 "${files[@]}")
SHARE="${SHARE:-} ${hidden[*]}" exec "$here/boot.sh" -t "${TNET_VM_TIMEOUT_S:-1200}" -c "cd $(printf %q "$repo") && $command"
