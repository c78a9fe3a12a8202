#!/bin/bash
# boot.sh [-c COMMAND] [-m MiB] [-s CPUS] [-t SECONDS] [-o DIR]
# Boots the kernel of prepare.sh in QEMU, runs COMMAND (bash) there as root, prints what it prints, exits as it exits; 125 when
# the machine itself failed. About 4 s besides the command. Emulated (TCG), so it runs without KVM; JavaScript is ~12 times slower.
#
# The guest has cgroup v2 alone, every capability, and this machine's root as its own: writes go to a tmpfs and are gone after.
# It has a fresh /tmp (ext4: before 6.3 a tmpfs has no id-mapped mounts), /run and /dev/shm; SHARE="/tmp/a /run/b" shows host
# folders there too (copy-on-write as well).
# DIR (default: a temporary one) is read-write in the guest as /run/vm.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
store=${TNET_VM_DIR:-$HOME/.cache/tnet-vm}
command='uname -r' memory_mib=2048 cpus=2 timeout_s=300 output=
while getopts c:m:s:t:o: flag; do
  case $flag in
    c) command=$OPTARG ;;
    m) memory_mib=$OPTARG ;;
    s) cpus=$OPTARG ;;
    t) timeout_s=$OPTARG ;;
    o) output=$OPTARG ;;
    *) exit 125 ;;
  esac
done

version=$("$here/prepare.sh")
work=$(mktemp -d /tmp/tnet-vm.XXXXXX)
output=$(realpath "${output:-$(mkdir "$work/out" && echo "$work/out")}")
children=()
cleanup() {
  for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

guest_script() {
  cat <<PREAMBLE
#!/bin/bash
export HOME=/root TERM=vt100 LANG=C.UTF-8 TNET_VM=1 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
hostname tnetvm
modprobe ext4 && mount -t ext4 /dev/vda /tmp && chmod 1777 /tmp
for folder in ${SHARE:-}; do
  layer=/run/writable/share\$folder
  mkdir -p "\$folder" "\$layer/upper" "\$layer/work"
  mount -t overlay -o "lowerdir=/run/host\$folder,upperdir=\$layer/upper,workdir=\$layer/work,xino=off" overlay "\$folder"
done
cd /
(
PREAMBLE
  printf '%s\n' "$command"
  cat <<'POSTAMBLE'
) </dev/null >/run/vm/stdout 2>/run/vm/stderr
echo $? >/run/vm/status
sync
umount /run/vm
busybox poweroff -f
POSTAMBLE
}

share() { # tag, host folder, cache mode: serves the folder to the guest on $work/tag.sock
  local daemon=/usr/lib/qemu/virtiofsd
  [ -x "$daemon" ] || daemon=/usr/libexec/virtiofsd
  "$daemon" --socket-path="$work/$1.sock" -o source="$2" -o cache="$3" -o sandbox=chroot -o log_level=err >"$work/$1.log" 2>&1 &
  children+=($!)
  for _ in $(seq 250); do [ -S "$work/$1.sock" ] && return; sleep 0.02; done
  echo "test/vm: virtiofsd does not start:" >&2
  cat "$work/$1.log" >&2
  exit 125
}

rm -f "$output/status"
: >"$output/stdout"
: >"$output/stderr"
guest_script >"$output/guest.sh"
share host / always # nobody changes the host's files meanwhile, or the guest may not notice
share out "$output" auto

truncate -s 4G "$work/disk" # sparse
mke2fs -q -t ext4 -O ^has_journal -m 0 "$work/disk"

append="console=ttyS0 quiet panic=-1 edd=off nokaslr mitigations=off random.trust_cpu=on tsc=reliable"
append+=" tnet.modules=$store/kernel/lib/modules/$version tnet.script=/run/vm/guest.sh"
# -cpu: 57-bit addresses and protection keys crash the emulator. memory-backend-memfd shared: virtiofsd reads guest memory.
qemu=(
  qemu-system-x86_64 -accel tcg,thread=multi,tb-size=1024 -machine q35,memory-backend=memory
  -cpu max,la57=off,pku=off -smp "$cpus" -m "$memory_mib"
  -object "memory-backend-memfd,id=memory,size=${memory_mib}M,share=on"
  -nographic -nodefaults -no-reboot -serial "file:$output/console"
  -kernel "$store/kernel/boot/vmlinuz-$version" -initrd "$store/initramfs.cpio.gz"
  -chardev "socket,id=host,path=$work/host.sock" -device vhost-user-fs-pci,chardev=host,tag=hostfs
  -chardev "socket,id=out,path=$work/out.sock" -device vhost-user-fs-pci,chardev=out,tag=outfs
  -drive "file=$work/disk,format=raw,if=virtio,cache=unsafe"
  -device virtio-rng-pci
  -append "$append"
)
timeout "$timeout_s" "${qemu[@]}" </dev/null &
machine=$!
daemons=("${children[@]}")
children+=("$machine")
tail -qf -n +1 --pid="$machine" -s 0.2 "$output/stdout" &
printer=$!
qemu_status=0
wait "$machine" || qemu_status=$?
children=("${daemons[@]}") # the machine is reaped, its pid may be another's
wait "$printer" || true
cat "$output/stderr" >&2
if [ ! -s "$output/status" ]; then
  [ "$qemu_status" = 124 ] && echo "test/vm: stopped after $timeout_s s" >&2
  echo "test/vm: the guest died; its console:" >&2
  cat "$output/console" >&2
  exit 125
fi
exit "$(cat "$output/status")"
