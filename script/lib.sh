# shellcheck shell=bash disable=SC2034
# Shared by the scripts in this folder, which source it: where the tree is, how to say something, how to get
# Debian packages. Not to be run by itself.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
JOBS=${JOBS:-2}

# What a build needs, and what the tests, those of the packages and the benchmarks need on top.
BUILD_PACKAGES=(
  g++ cmake ninja-build pkg-config
  libuv1-dev node-llhttp libssl-dev libyaml-cpp-dev libcli11-dev nlohmann-json3-dev libspdlog-dev
  libpcre2-dev zlib1g-dev libcrypt-dev prometheus-cpp-dev
)
TEST_PACKAGES=(libgtest-dev libgmock-dev chromium nginx-light prometheus curl openssl ca-certificates)
PACKAGING_PACKAGES=(
  debootstrap dpkg-dev libseccomp-dev lintian man-db openssl perl-base procps systemd zsh
)
BENCH_PACKAGES=(libgtest-dev libgmock-dev nginx-light openssl python3)

say() { printf '%s\n' "$*"; }
die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "needs root or sudo to run: $*"
  fi
}

# with_services_asleep COMMAND...: runs it with a policy-rc.d that keeps packages from starting their services: the
# tests want nginx's binary, nobody wants port 80 taken. A policy that is already there is left alone.
with_services_asleep() {
  local policy=/usr/sbin/policy-rc.d result=0
  if [ -e "$policy" ]; then
    "$@"
    return
  fi
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
  "$@" || result=$?
  as_root rm -f "$policy"
  return "$result"
}

# missing_packages NAME...: those of them that are not installed, one per line.
missing_packages() {
  local package
  for package in "$@"; do
    case $(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null || true) in
      ii*) ;;
      *) say "$package" ;;
    esac
  done
}

# need_packages NAME...: installs what is missing, and asks apt for nothing when nothing is.
need_packages() {
  command -v dpkg-query >/dev/null || {
    say "Not a Debian: make sure that these are here under whatever name: $*" >&2
    return 0
  }
  local missing log="$ROOT/build/packages.log"
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  say "Installing ${missing[*]}"
  mkdir -p "$ROOT/build"
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
  if ! { as_root "${apt[@]}" update &&
    with_services_asleep as_root "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; } \
    >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    die "apt-get failed; all of it is in $log"
  fi
}

# need_node: node and npm from Debian, unless they came from elsewhere, whose nodejs conflicts with Debian's npm.
need_node() {
  local wanted=()
  command -v node >/dev/null || wanted+=(nodejs)
  command -v npm >/dev/null || wanted+=(npm)
  [ ${#wanted[@]} -eq 0 ] || need_packages "${wanted[@]}"
}

# A compiler cache is used where there is one. CMake reads these when a build folder is first configured.
use_ccache() {
  command -v ccache >/dev/null || return 0
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache CMAKE_C_COMPILER_LAUNCHER=ccache
}

# build PRESET TARGET...: configures and builds. On a terminal ninja shows its progress in one line, elsewhere there
# is one line in all; the compiler's words come out when it fails, and are in build/PRESET.log.
build() {
  local preset=$1 log="$ROOT/build/$1.log"
  shift
  mkdir -p "$ROOT/build"
  if ! (cd "$ROOT" && cmake --preset "$preset") >"$log" 2>&1; then
    cat "$log" >&2
    return 1
  fi
  local command=(cmake --build "$ROOT/build/$preset" -j "$JOBS" --target "$@")
  if [ -t 1 ]; then
    NINJA_STATUS='[%f/%t] ' "${command[@]}"
  elif ! "${command[@]}" >>"$log" 2>&1; then
    grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking)' "$log" | tail -n 60 >&2
    return 1
  fi
}
