#!/bin/bash
# Fetches Debian's stock cloud kernel and makes an initramfs for it, once. Prints the kernel's version.
# Everything lands in $TNET_VM_DIR (default ~/.cache/tnet-vm); delete that folder to begin anew.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
store=${TNET_VM_DIR:-$HOME/.cache/tnet-vm}

require() {
  local missing=()
  [ -x "$(command -v qemu-system-x86_64)" ] || missing+=(qemu-system-x86)
  # virtiofsd: in qemu-system-common on Debian 12, a package of its own later.
  [ -x /usr/lib/qemu/virtiofsd ] || [ -x /usr/libexec/virtiofsd ] || missing+=(virtiofsd)
  [ -x /bin/busybox ] && ! ldd /bin/busybox >/dev/null 2>&1 || missing+=(busybox-static)
  [ -x "$(command -v depmod || echo /sbin/depmod)" ] || missing+=(kmod)
  [ -x "$(command -v mke2fs || echo /sbin/mke2fs)" ] || missing+=(e2fsprogs)
  [ -x "$(command -v cpio)" ] || missing+=(cpio)
  [ -x "$(command -v xz)" ] || missing+=(xz-utils)
  [ ${#missing[@]} = 0 ] && return
  # qemu-system-x86 brings virtiofsd on Debian 12, where no package has that name.
  [[ " ${missing[*]} " == *" qemu-system-x86 "* ]] && missing=("${missing[@]/virtiofsd/}")
  echo "test/vm: this machine lacks what the second kernel needs. On Debian: apt-get install -y" "${missing[@]}" >&2
  exit 125
}

newest_kernel() {
  apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: linux-image-//p' | head -1
}

fetch_kernel() { # version: unpacks vmlinuz and modules into $store/kernel, without installing anything
  rm -rf "$store/kernel" && mkdir "$store/kernel"
  (cd "$store" && apt-get download "linux-image-$1" >&2)
  dpkg -x "$store"/linux-image-"$1"_*.deb "$store/kernel"
  rm -f "$store"/linux-image-*.deb
  depmod -b "$store/kernel" "$1"
}

require
PATH=$PATH:/sbin:/usr/sbin
mkdir -p "$store"
exec {lock}>"$store/lock" && flock "$lock"
version=$(cat "$store/version" 2>/dev/null || true)
recipe=$(sha256sum <"$here/mkinitramfs.sh")
if [ -z "$version" ] || [ "$(cat "$store/recipe" 2>/dev/null)" != "$recipe" ]; then
  wanted=$(newest_kernel)
  [ -n "$wanted" ] || { echo "test/vm: apt knows no linux-image-cloud-amd64; run: apt-get update" >&2; exit 125; }
  [ -s "$store/kernel/boot/vmlinuz-$wanted" ] || fetch_kernel "$wanted"
  "$here/mkinitramfs.sh" "$store/kernel" "$wanted" "$store/initramfs.cpio.gz" >&2
  # Last, so that an interrupted run is repeated.
  echo "$recipe" >"$store/recipe"
  echo "$wanted" >"$store/version"
  version=$wanted
fi
echo "$version"
