#!/usr/bin/env bash
# ./dev demo: microcode for this machine's CPU from a firmware tree into an early archive, step by step.
#
# Takes the machine's own firmware where it has some for this CPU; otherwise makes a small tree and says so. Needs no
# root, loads nothing, changes nothing: all it writes is in a scratch directory that it removes.
set -euo pipefail

scratch=$(mktemp -d "${TMPDIR:-/tmp}/kip-demo-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

say() { printf '\n'; printf '# %s\n' "$@"; }
show() { printf '$ %s\n' "$*"; "$@" 2>&1; }

cpu=host firmware=()
say "This machine's CPUs, as the kernel's microcode loader sees them:"
show ucode-pack host

# An archive comes out only if the kernel's own search path holds something for this CPU.
if ucode-pack -q --cpu host -o early.cpio 2>/dev/null && [[ -s early.cpio ]]; then
  rm early.cpio
  source="this machine's own firmware"
  say "The machine has firmware for this CPU; that is used."
else
  make-example-firmware --this-cpu firmware >made
  firmware=(--firmware firmware)
  source="a made-up firmware tree"
  say "The machine has no firmware for this CPU: a small tree, made up now, stands in for it." \
    "Its headers and checksums are right and its payload is noise. No CPU would take it."
  if ! grep -q this-cpu made; then
    cpu=06-8f-08
    say "Linux loads no microcode on this kind of CPU: $cpu stands in for it."
  fi
fi

say "What there is for the CPU: vendor, signature, platforms, revision, date, size, file, offset, sha256."
show ucode-pack list --cpu "$cpu" "${firmware[@]}"

say "The newest of it goes into an archive, which is read back as a kernel would before it gets its name."
show ucode-pack --cpu "$cpu" "${firmware[@]}" -o early.cpio

say "Every check that the kernel makes, on what was written:"
show ucode-pack verify early.cpio

if command -v cpio >/dev/null; then
  say "An ordinary cpio reads the archive as well:"
  show cpio -tv --quiet -F early.cpio
fi

# kernel-install is in Debian's package systemd; elsewhere it may be missing, and then this part is.
if ! command -v kernel-install >/dev/null; then
  say "kernel-install is not installed here: the plugins are not shown."
else
  say "Now as it happens on every kernel update: kernel-install, with kip's plugins, below a scratch directory." \
    "A stub stands in for the initrd generator. KIP_CPU stands in for Cpu=, since this may be a guest or a container."
  plugins=$(dirname "$(command -v 45-kip-microcode)")
  mkdir -p conf boot/0123456789abcdef0123456789abcdef plugins staging
  ln -s "$plugins/45-kip-microcode" plugins/45-kip-microcode.install
  ln -s "$plugins/58-kip-image" plugins/58-kip-image.install
  printf 'layout=bls\n' >conf/install.conf
  printf 'quiet\n' >conf/cmdline
  printf 'made-up kernel\n' >vmlinuz
  mkdir base
  printf '#!/bin/sh\n' >base/init
  (cd base && printf 'init\n' | cpio -o -H newc --quiet | gzip -n >../initrd.img)
  printf '#!/bin/sh\n[ "$1" != add ] || cp "%s/initrd.img" "$KERNEL_INSTALL_STAGING_AREA/initrd"\n' "$PWD" \
    >plugins/50-stub.install
  chmod +x plugins/50-stub.install
  export KERNEL_INSTALL_CONF_ROOT=$PWD/conf BOOT_ROOT=$PWD/boot MACHINE_ID=0123456789abcdef0123456789abcdef
  export KERNEL_INSTALL_READ_MACHINE_INFO=no KERNEL_INSTALL_BYPASS='' TMPDIR=$PWD/staging KIP_ROOT=$PWD/conf KIP_CPU=$cpu
  export KERNEL_INSTALL_PLUGINS="$PWD/plugins/45-kip-microcode.install $PWD/plugins/50-stub.install \
    $PWD/plugins/58-kip-image.install /usr/lib/kernel/install.d/90-loaderentry.install"
  [[ ${#firmware[@]} -eq 0 ]] || export KIP_FIRMWARE=$PWD/firmware
  show kernel-install add 6.12.0-demo vmlinuz
  initrd=boot/$MACHINE_ID/6.12.0-demo/initrd
  say "The initrd of the new boot entry: kip's part in front, the generator's behind it, unchanged."
  show initrd-pack inspect "$initrd"
  show initrd-pack ls -l "$initrd"
  show initrd-pack cat "$initrd" kip/early
  cmp <(tail -c "$(wc -c <initrd.img)" "$initrd") initrd.img
fi

printf '\nShown: %s for CPU %s, chosen, packed, verified: %s bytes of early.cpio, to stand in front of an initrd.\n' \
  "$source" "$cpu" "$(wc -c <early.cpio)"
