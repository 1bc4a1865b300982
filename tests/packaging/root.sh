# shellcheck shell=bash
# Fresh roots, for the scripts in this folder. Sourced after lib.sh.

BASE=$ROOT/build/packaging/base

# fresh_root FOLDER: a Debian with nothing but its essential packages and apt. The first one is kept under build/ for
# the next ones, with what apt has downloaded.
fresh_root() {
  local mirror suite
  if [ ! -e "$BASE.complete" ]; then
    rm -rf "$BASE"
    suite=$(. /etc/os-release && say "$VERSION_CODENAME")
    # shellcheck disable=SC2016
    mirror=$(apt-get indextargets --format '$(SITE)' "Codename: $suite" 'Created-By: Packages' 'Component: main' | head -n 1)
    mkdir -p "$BASE"
    # With no mirror named, debootstrap takes Debian's own.
    # shellcheck disable=SC2086
    debootstrap --variant=minbase "$suite" "$BASE" $mirror >"$BASE.log" 2>&1 || { tail -n 20 "$BASE.log"; return 1; }
    say 'Binary::apt::APT::Keep-Downloaded-Packages "true";' >"$BASE/etc/apt/apt.conf.d/keep"
    touch "$BASE.complete"
  fi
  rm -rf "$1"
  cp -a "$BASE" "$1"
  ! [ -e /etc/resolv.conf ] || cp -L /etc/resolv.conf "$1/etc/resolv.conf"
}

# in_root FOLDER COMMAND...: with a clean environment, but for the way to a proxy.
in_root() {
  local folder=$1
  shift
  env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} chroot "$folder" "$@"
}

# install_package FOLDER PACKAGE: with apt, which brings what it depends on; the downloads are kept for the next time.
install_package() {
  cp "$2" "$1/tidegate.deb"
  in_root "$1" apt-get install -q -y --no-install-recommends /tidegate.deb &&
    cp -n "$1"/var/cache/apt/archives/*.deb "$BASE/var/cache/apt/archives/"
}

# alone SCRIPT ARGS...: the script in namespaces of its own: no network but a loopback that nobody else uses, and all
# that it has started ends with it.
alone() {
  timeout -k 5 120 unshare --net --mount --pid --fork --kill-child "$@"
}

# loopback_up: within alone().
loopback_up() {
  # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING: a minimal system has perl, but not always ip(8).
  perl -MSocket -e 'socket(my $s, AF_INET, SOCK_DGRAM, 0) or die; my $r = pack("a16 s x22", "lo", 0x41); ioctl($s, 0x8914, $r) or die "lo: $!"'
}

# ask PORT [PATH]: the answer to a GET on loopback, by bash alone.
ask() {
  # shellcheck disable=SC2016
  timeout 5 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n" "$2" >&3 && cat <&3' \
    bash "$1" "${2:-/}"
}
answers() { says "$1" ask "${@:2}"; }
