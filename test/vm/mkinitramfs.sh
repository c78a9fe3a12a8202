#!/bin/bash
# mkinitramfs.sh KERNEL_TREE VERSION OUTPUT
# Makes the smallest initramfs that reaches the host's files: busybox, the modules for virtiofs and overlay, and an init that
# stacks a tmpfs on the read-only host root, so that the guest sees this machine and can change nothing on it.
set -euo pipefail
kernel_tree=$1 version=$2 output=$3
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,modules,proc,sys,dev,host,writable,sysroot}
cp /bin/busybox "$root/bin/busybox"

# Modules with what they depend on, in load order; builtin ones print no insmod line.
wanted="virtio_mmio virtio_pci fuse virtiofs overlay virtio_blk virtio_console virtio_rng"
: >"$root/load-order"
for module in $wanted; do
  files=$(modprobe -d "$kernel_tree" -S "$version" --show-depends "$module" 2>/dev/null | awk '$1 == "insmod" {print $2}') || true
  for file in $files; do
    name=$(basename "${file%.xz}")
    grep -qx "$name" "$root/load-order" && continue
    if [ "$file" = "${file%.xz}" ]; then cp "$file" "$root/modules/$name"; else xz -dc "$file" >"$root/modules/$name"; fi
    echo "$name" >>"$root/load-order"
  done
done

cat >"$root/init" <<'INIT'
#!/bin/busybox sh
# Every tool is an applet of this one binary; /proc/cmdline is asked before /proc moves away.
bb=/bin/busybox
new=/sysroot
argument() { $bb sed -n "s/.*$1=\([^ ]*\).*/\1/p" /proc/cmdline; }
die() { echo "init: $1"; $bb poweroff -f; }

$bb mount -t proc proc /proc
$bb mount -t sysfs sys /sys
$bb mount -t devtmpfs dev /dev
modules=$(argument tnet.modules)
script=$(argument tnet.script)
while read -r module; do $bb insmod "/modules/$module" || echo "init: cannot load $module"; done </load-order

# / = tmpfs over the host's root, read-only through virtiofs.
$bb mount -t virtiofs -o ro hostfs /host || die "no host file system"
$bb mount -t tmpfs -o mode=755 tmpfs /writable
$bb mkdir /writable/upper /writable/work
$bb mount -t overlay -o lowerdir=/host,upperdir=/writable/upper,workdir=/writable/work,xino=off overlay $new || die "no overlay"

# A machine of its own: nothing of the host's runtime state.
for dir in dev proc sys; do $bb mount --move /$dir $new/$dir; done
$bb mount -t tmpfs -o mode=755 tmpfs $new/run
$bb mount -t tmpfs -o mode=1777 tmpfs $new/tmp
$bb mkdir -p $new/dev/pts $new/dev/shm $new/dev/mqueue
$bb mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts $new/dev/pts
$bb mount -t tmpfs -o mode=1777 shm $new/dev/shm
$bb mount -t mqueue mqueue $new/dev/mqueue
$bb mount -t cgroup2 cgroup2 $new/sys/fs/cgroup
$bb mount -t debugfs debugfs $new/sys/kernel/debug 2>/dev/null
$bb mount -t bpf bpf $new/sys/fs/bpf 2>/dev/null

# The folder shared with the host read-write, the plain host root (for folders that tmpfs hides), the guest kernel's modules.
$bb mkdir -p $new/run/vm $new/run/host $new/run/writable
$bb mount -t virtiofs outfs $new/run/vm || die "no output folder"
$bb mount --bind /host $new/run/host
$bb mount --move /writable $new/run/writable
$bb mkdir -p $new/lib/modules
$bb mount -t tmpfs tmpfs $new/lib/modules
$bb mkdir "$new/lib/modules/$($bb uname -r)"
$bb mount --bind "/host$modules" "$new/lib/modules/$($bb uname -r)"

$bb ip link set lo up
exec $bb switch_root $new /bin/bash "$script"
INIT
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$output"
echo "initramfs for $version: $(stat -c %s "$output") bytes; modules: $(tr '\n' ' ' <"$root/load-order")"
