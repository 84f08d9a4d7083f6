#!/usr/bin/env bash
# The promise of the README, kept on a machine that has nothing: bootstraps a bare Debian 12 with git and ca-certificates
# into a temporary directory, clones the committed HEAD into it, runs `./dev demo` and `./dev test [TIER]` there.
#
# usage: tests/clean_room.sh [fast|all]      needs root, debootstrap and the host's Debian mirror
#
# From the host come: the Debian 12 sources and the transport settings of apt, the proxy environment, and the directory
# $KIP_CORPUS if there is one (read-only). Everything is mounted in a mount namespace of its own, which dies with the
# run: nothing is mounted where the clean-up could reach it.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
tier=${1:-}

# "URI SUITE" for each Debian 12 suite in the host's apt sources, one-line and deb822 style alike.
host_sources() {
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
    sed -nE 's/^deb[[:space:]]+(\[[^]]*\][[:space:]]+)?([^[:space:]]+)[[:space:]]+([^[:space:]]+)[[:space:]].*\bmain\b.*/\2 \3/p' || true
  local file
  for file in /etc/apt/sources.list.d/*.sources; do
    [[ -f $file ]] || continue
    awk 'BEGIN { RS = ""; FS = "\n" }
      { uris = suites = ""; off = 1
        for (i = 1; i <= NF; i++) {
          if (tolower($i) ~ /^uris:/) uris = substr($i, 6)
          if (tolower($i) ~ /^suites:/) suites = substr($i, 8)
          if (tolower($i) ~ /^components:.*[ \t]main([ \t]|$)/) off = 0
        }
        if (tolower($0) ~ /(^|\n)enabled:[ \t]*no/) next
        if (off) next
        n = split(uris, u, /[ \t]+/); m = split(suites, s, /[ \t]+/)
        for (i = 1; i <= n; i++) for (j = 1; j <= m; j++) if (u[i] != "" && s[j] != "") print u[i], s[j] }' "$file"
  done
}

bookworm_sources() { host_sources | grep -E ' bookworm(-updates|-security)?$' | sort -u; }

inside() { # room: what happens in the namespace
  local room=$1 mirror start=$SECONDS bootstrap demo
  mirror=$(bookworm_sources | awk '$2 == "bookworm" { print $1; exit }')
  mirror=${mirror:-http://deb.debian.org/debian}
  echo "clean room: a bare Debian 12 in $room"
  debootstrap --variant=minbase --include=git,ca-certificates bookworm "$room" "$mirror" >"$room.log" 2>&1 ||
    { tail -n 20 "$room.log"; exit 1; }

  bookworm_sources | sed -E 's/^(\S+) (\S+)$/deb \1 \2 main/' >"$room/etc/apt/sources.list"
  [[ -s $room/etc/apt/sources.list ]] || echo "deb $mirror bookworm main" >"$room/etc/apt/sources.list"
  apt-config dump Acquire | grep -iE '^Acquire::((https?|ftp|Retries|Check-Valid-Until|Check-Date|Max-ValidTime)\b)' |
    grep -viE 'proxy-?auto-?detect' >"$room/etc/apt/apt.conf.d/99host" || true
  cp -L /etc/resolv.conf /etc/hosts "$room/etc/" 2>/dev/null || true

  git clone -q --no-local "$root" "$room/root/kip"
  mount -t proc proc "$room/proc"
  mount -t sysfs -o ro sysfs "$room/sys"
  mount --rbind /dev "$room/dev"
  mount -t tmpfs tmpfs "$room/run"
  local keep=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 TERM="${TERM:-dumb}")
  local name corpus=${KIP_CORPUS:-$root/../shared/corpus}
  for name in http_proxy https_proxy ftp_proxy no_proxy HTTP_PROXY HTTPS_PROXY FTP_PROXY NO_PROXY; do
    if [[ -n ${!name:-} ]]; then keep+=("$name=${!name}"); fi
  done
  if [[ -d $corpus ]]; then
    mkdir "$room/root/corpus"
    mount --bind "$corpus" "$room/root/corpus"
    mount -o remount,bind,ro "$room/root/corpus"
    keep+=(KIP_CORPUS=/root/corpus)
  fi
  bootstrap=$((SECONDS - start))

  # shellcheck disable=SC2016
  run() { env -i "${keep[@]}" chroot "$room" sh -c 'cd /root/kip && exec ./dev "$@"' dev "$@"; }
  start=$SECONDS
  run demo
  demo=$((SECONDS - start)) start=$SECONDS
  local verdict=0; run test ${tier:+"$tier"} || verdict=$?
  echo "clean room: $(git -C "$root" rev-parse --short HEAD): bare Debian $bootstrap s, ./dev demo $demo s," \
    "./dev test${tier:+ $tier} $((SECONDS - start)) s: $([[ $verdict -eq 0 ]] && echo passed || echo FAILED)"
  exit "$verdict"
}

if [[ ${1:-} == --inside ]]; then
  tier=${3:-}
  inside "$2"
fi
case $tier in '' | fast | all) ;; *) echo "usage: $0 [fast|all]" >&2; exit 2 ;; esac
[[ $(id -u) -eq 0 ]] || { echo "clean room: needs root" >&2; exit 1; }
room=$(mktemp -d "${TMPDIR:-/tmp}/kip-room-XXXXXX")
# The mounts are gone when the namespaces are; --one-file-system is the second lock on the same door.
trap 'rm -rf --one-file-system "$room" "$room.log"' EXIT
chmod 755 "$room"
unshare --mount --propagation private --pid --fork --kill-child --mount-proc "$0" --inside "$room" "$tier"
