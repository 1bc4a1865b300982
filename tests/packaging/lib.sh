# shellcheck shell=bash disable=SC2034
# Shared by the scripts in this folder, which source it: cases and their count.
# shellcheck source=script/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../script/lib.sh"

HERE=$ROOT/tests/packaging
passed=0 failed=0

# check WHAT COMMAND...: one case; the command's words are shown when it fails.
check() {
  local what=$1 words
  shift
  if words=$("$@" 2>&1 </dev/null); then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    say "FAILED: $what"
    [ -z "$words" ] || say "    ${words//$'\n'/$'\n'    }"
  fi
}

# equal WANTED GOT: are they, and if not, where not.
equal() { [ "$1" = "$2" ] || diff <(say "$1") <(say "$2"); }

# fails COMMAND...: it does.
fails() { ! "$@"; }

# says PATTERN COMMAND...: its output has a line that matches.
says() {
  local pattern=$1 output
  shift
  output=$("$@" 2>&1) || true
  grep -qE -- "$pattern" <<<"$output" || { say "$output"; return 1; }
}

# eventually COMMAND...: within ten seconds.
eventually() {
  local deadline=$((SECONDS + 10))
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || { "$@"; return; }
    read -rt 0.05 <> <(:) || true
  done
}

# counts: the last line of each script; its exit code says whether anything failed.
counts() {
  say "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}

# part COMMAND...: one that ends with such a line; adds its counts to ours. Without the line it is one failure.
part() {
  local output
  output=$("$@" 2>&1 </dev/null) || true
  say "$output"
  if [[ ${output##*$'\n'} =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
  else
    failed=$((failed + 1))
  fi
}

# unit_values KEY UNIT: what a key of the unit is set to, in the order of the file.
unit_values() { sed -n "s/^$1=//p" "$2"; }

# allowed_syscalls UNIT: the system calls that its SystemCallFilter= leaves, one per line.
allowed_syscalls() {
  local allowed remove line words
  allowed=$(mktemp)
  remove=$(mktemp)
  while read -r line; do
    if [[ $line == ~* ]]; then
      read -ra words <<<"${line#\~}"
      expand_syscalls "${words[@]}" | sort -u >"$remove"
      comm -23 "$allowed" "$remove" >"$allowed.left"
    else
      read -ra words <<<"$line"
      { cat "$allowed"; expand_syscalls "${words[@]}"; } | sort -u >"$allowed.left"
    fi
    mv "$allowed.left" "$allowed"
  done < <(unit_values SystemCallFilter "$1")
  # What systemd lets through whatever the list says.
  { cat "$allowed"; expand_syscalls @default; } | sort -u
  rm -f "$allowed" "$remove"
}

# expand_syscalls NAME|@GROUP...: the names that systemd's groups stand for.
expand_syscalls() {
  local each
  for each in "$@"; do
    if [[ $each == @* ]]; then
      # shellcheck disable=SC2046
      expand_syscalls $(systemd-analyze syscall-filter "$each" | sed -n 's/^    //p' | grep -v '^#')
    else
      say "$each"
    fi
  done
}
