#!/bin/sh
# Installs bal for this user, without root: the binary that fits this system, checked against its
# SHA-256 sum, into ~/.local/bin. Run it again to update; a bal that runs is not disturbed.
#
#   install.sh [--version V] [--dir DIR]       installs, or updates
#   install.sh --uninstall [--purge]           removes it; the config stays, unless --purge
#
# Environment:
#   BAL_REPOSITORY  owner/name on GitHub, whose releases are downloaded
#   BAL_DOWNLOAD    another place: DIR of it has SHA256SUMS and the archives, where DIR is `latest`
#                   or `v1.2.3`
#   BAL_PLATFORM    instead of what is detected: linux-x64, linux-x64-musl, darwin-arm64…
set -eu

# The release workflow writes its own repository here.
default_repository=""

say() { printf '%s\n' "$*"; }

# fail MESSAGE [HINT]
fail() {
  printf 'error: %s\n' "$1" >&2
  if [ $# -gt 1 ]; then printf '  %s\n' "$2" >&2; fi
  exit 1
}

usage() {
  printf 'error: %s\n' "$1" >&2
  printf '  install.sh [--version V] [--dir DIR] | --uninstall [--purge] [--dir DIR]\n' >&2
  exit 2
}

has() { command -v "$1" >/dev/null 2>&1; }

detect_platform() {
  machine=$(uname -m)
  case $machine in
    x86_64 | amd64) cpu=x64 ;;
    aarch64 | arm64) cpu=arm64 ;;
    *) fail "there is no bal for $machine" "x86_64 and arm64 there are" ;;
  esac
  case $(uname -s) in
    Linux) if is_musl; then say "linux-$cpu-musl"; else say "linux-$cpu"; fi ;;
    Darwin)
      # A shell that Rosetta translates calls an arm64 machine x86_64.
      if [ "$(sysctl -n sysctl.proc_translated 2>/dev/null || :)" = 1 ]; then cpu=arm64; fi
      say "darwin-$cpu"
      ;;
    *) fail "there is no bal for $(uname -s)" "Linux and macOS there are" ;;
  esac
}

# A musl system is one that has its loader and not glibc's; some have both.
is_musl() {
  for loader in /lib64/ld-linux-x86-64.so.2 /lib/ld-linux-aarch64.so.1; do
    if [ -e "$loader" ]; then return 1; fi
  done
  for loader in /lib/ld-musl-*; do
    if [ -e "$loader" ]; then return 0; fi
  done
  return 1
}

# fetch URL FILE
fetch() {
  if has curl; then
    # Also where it is redirected to. A place of one's own (BAL_DOWNLOAD) may be any.
    if [ -n "${BAL_DOWNLOAD:-}" ]; then only=all; else only="=https"; fi
    curl --proto "$only" --fail --silent --show-error --location --retry 3 --output "$2" "$1"
  elif has wget; then
    wget -q -O "$2" "$1"
  else
    fail "neither curl nor wget is there" "install one of them"
  fi || fail "cannot download $1" "is the version right, and the network there?"
}

sum_of() {
  if has sha256sum; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

address_of() {
  if [ -n "${BAL_DOWNLOAD:-}" ]; then
    say "${BAL_DOWNLOAD%/}/${1:-latest}"
    return
  fi
  if [ -z "$repository" ]; then
    fail "this copy does not know where bal is published" "set BAL_REPOSITORY or BAL_DOWNLOAD"
  fi
  if [ -n "$1" ]; then
    say "https://github.com/$repository/releases/download/$1"
  else
    say "https://github.com/$repository/releases/latest/download"
  fi
}

# verify_sums FILE: that the repository's own workflow made it, where GitHub's CLI is there to tell.
verify_sums() {
  if [ -n "${BAL_DOWNLOAD:-}" ]; then return; fi
  if ! has gh || ! gh auth status >/dev/null 2>&1; then
    say "the sums are not verified: that needs GitHub's CLI, gh, and a login (gh auth login)"
    return
  fi
  if ! gh attestation verify "$1" --repo "$repository" >/dev/null 2>"$work/why"; then
    cat "$work/why" >&2
    fail "SHA256SUMS was not made by a workflow of $repository; nothing was installed"
  fi
  say "verified: a workflow of $repository made these sums"
}

# install VERSION, empty for the latest
install_bal() {
  platform=${BAL_PLATFORM:-$(detect_platform)}
  from=$(address_of "$1")
  archive=bal-$platform.tar.gz
  mkdir -p "$dir" || fail "cannot make $dir" "choose another folder with --dir"
  # In the same folder: a rename within a file system is all or nothing.
  work=$(mktemp -d "$dir/.bal.XXXXXX") || fail "cannot write $dir" "choose another with --dir"
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM

  say "downloading $from/$archive"
  fetch "$from/SHA256SUMS" "$work/SHA256SUMS"
  wanted=$(awk -v name="$archive" '$2 == name || $2 == "*" name { print $1 }' "$work/SHA256SUMS")
  if [ -z "$wanted" ]; then fail "there is no $archive in $from/SHA256SUMS"; fi
  verify_sums "$work/SHA256SUMS"
  fetch "$from/$archive" "$work/$archive"
  found=$(sum_of "$work/$archive")
  if [ "$found" != "$wanted" ]; then
    fail "$archive is not what SHA256SUMS says; nothing was installed" "wanted $wanted, found $found"
  fi
  tar -xzf "$work/$archive" -C "$work" || fail "cannot unpack $archive"
  chmod 755 "$work/bal"
  if ! installed=$("$work/bal" --version 2>"$work/why"); then
    cat "$work/why" >&2
    hint="see what it says above; BAL_PLATFORM chooses another one"
    case $platform in *-musl) hint="apk add libstdc++" ;; esac
    fail "the bal for $platform does not run here; nothing was installed" "$hint"
  fi

  mv -f "$work/bal" "$dir/bal"
  if [ -f "$work/bal.1" ]; then
    mkdir -p "$manuals" && mv -f "$work/bal.1" "$manuals/bal.1"
  fi
  say "$installed is installed: $dir/bal"
  case :$PATH: in
    *":$dir:"*) ;;
    *) say "put it on your PATH: export PATH=\"$dir:\$PATH\"" ;;
  esac
  if is_running; then
    say "the bal that runs is still the one before: \`bal upgrade\` hands its connections over"
  fi
}

is_running() { "$dir/bal" status --json >/dev/null 2>&1; }

uninstall_bal() {
  if [ -x "$dir/bal" ] && is_running; then
    fail "bal runs; nothing was removed" "end it first: bal stop"
  fi
  rm -f "$dir/bal" "$manuals/bal.1"
  say "removed $dir/bal"
  if [ ! -d "$home" ]; then return; fi
  if [ "$1" = no ]; then
    say "the config and the log are still in $home; --purge removes them, too"
    return
  fi
  for file in config.yaml bal.schema.json bal.log bal.pid bal.lock bal.sock state.json; do
    rm -f "$home/$file"
  done
  # What else is there is not bal's.
  if rmdir "$home" 2>/dev/null; then say "removed $home"; else say "left in $home: $(ls -A "$home")"; fi
}

main() {
  repository=${BAL_REPOSITORY:-$default_repository}
  if [ -z "${HOME:-}" ]; then fail "HOME is not set"; fi
  version=""
  dir=$HOME/.local/bin
  action=install
  purge=no
  while [ $# -gt 0 ]; do
    case $1 in
      --version | --dir)
        if [ $# -lt 2 ] || [ -z "$2" ]; then usage "$1 wants a value"; fi
        if [ "$1" = --dir ]; then dir=$2; else version=v${2#v}; fi
        shift
        ;;
      --uninstall) action=uninstall ;;
      --purge) purge=yes ;;
      *) usage "there is no option $1" ;;
    esac
    shift
  done
  manuals=${XDG_DATA_HOME:-$HOME/.local/share}/man/man1
  home=${BAL_HOME:-$HOME/.bal}
  if [ "$action" = uninstall ]; then
    uninstall_bal "$purge"
  else
    if [ "$purge" = yes ]; then usage "--purge goes with --uninstall"; fi
    install_bal "$version"
  fi
}

# All in functions, and called here: of a download that was cut nothing runs.
main "$@"
