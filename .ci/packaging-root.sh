#!/usr/bin/env bash
# The life of the Debian package on a machine like this one, which it leaves as it was: packaging-root.sh PACKAGE
# packaging.sh runs it in namespaces of mounts, processes and network; what is written goes to memory.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

state=/var/lib/mamori
unit=/lib/systemd/system/mamori.service
# What this root has that the machine has not.
written=/tmp/written

# A root over this machine's, with its own /proc, /tmp and network.
enter() {
  local package=$1 layer=/mnt root=/mnt/root
  mount -t tmpfs mamori-layer "$layer"
  mkdir "$layer/upper" "$layer/work" "$root"
  mount -t overlay -o "lowerdir=/,upperdir=$layer/upper,workdir=$layer/work" mamori-root "$root"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs tmp "$root/tmp"
  mount -t tmpfs run "$root/run"
  mkdir "$root/tmp/written"
  mount --bind "$layer/upper" "$root/tmp/written"
  cp "$package" "$root/tmp/mamori.deb"
  cp -r "$(dirname "${BASH_SOURCE[0]}")" "$root/tmp/ci"
  ip link set lo up
  exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    bash /tmp/ci/packaging-root.sh --inside
}

# expect WHAT WANTED FOUND
expect() { [ "$2" = "$3" ] || die "$1: wanted $2, found $3"; }
mode() { stat -c '%a %U:%G' "$1"; }
in_unit() { sed -n "s/^$1=//p" "$unit"; }

# The unit's command, as its user, without privileges, able to write nowhere but to its state and to /tmp.
serve() {
  local command
  read -ra command < <(in_unit ExecStart)
  # shellcheck disable=SC2016  # the inner shell expands it
  unshare --mount bash -euc '
    mount --bind "$1" "$1"
    mount -o remount,bind,ro /
    cd "$1"
    umask "$2"
    exec setpriv --reuid="$3" --regid="$3" --clear-groups --bounding-set=-all --no-new-privs env -i "${@:4}"
  ' - "$state" "$(in_unit UMask)" "$(in_unit User)" "$(in_unit Environment)" "${command[@]}" 2>/tmp/log &
  server=$!
  wait_ready http://127.0.0.1:8080/readyz "$server" 30 || { cat /tmp/log; die "the packaged service did not get ready"; }
}

stop() {
  local ended=0
  kill -TERM "$server"
  wait "$server" || ended=$?
  expect "the status of a stop" 0 "$ended"
}

as_mamori() { setpriv --reuid=mamori --regid=mamori --clear-groups env MAMORI_CONFIG=/etc/mamori/mamori.toml "$@"; }

inside() {
  local first
  export DEBIAN_FRONTEND=noninteractive
  dpkg --install /tmp/mamori.deb >/tmp/dpkg 2>&1 || { cat /tmp/dpkg; die "it can't be installed"; }
  touch /tmp/installed
  expect "the state's folder" "700 mamori:mamori" "$(mode $state)"
  expect "the settings' folder" "750 root:mamori" "$(mode /etc/mamori)"
  expect "the settings' file is a conffile" /etc/mamori/mamori.toml \
    "$(dpkg-query -W -f '${Conffiles}' mamori | awk 'NF {print $1}')"
  expect "the unit is enabled" enabled "$(systemctl --root=/ is-enabled mamori.service)"
  expect "the starts after which systemd gives up" 0 "$(in_unit StartLimitIntervalSec)"
  expect "what systemd says of the unit" "" "$(systemd-analyze verify --man=yes "$unit" 2>&1)"
  say "installed: $(dpkg-query -W mamori), $(dpkg-query -W -f '${Installed-Size}' mamori) KiB"

  serve
  as_mamori mamori health
  expect "the first client's file" "600 mamori:mamori" "$(mode $state/first-client.json)"
  first=$(json_field client_id <$state/first-client.json)
  curl -sS --fail-with-body -u "$first:$(json_field client_secret <$state/first-client.json)" \
    -d grant_type=client_credentials http://127.0.0.1:8080/oauth/token | json_field access_token >/dev/null
  as_mamori mamori client list | grep -q "^$first " || die "the manual's way to the clients does not work"
  stop
  expect "what else was written" "" "$(find $written -type f -newer /tmp/installed -not -path "$written$state/*")"
  say "served as $(in_unit User), with all but $state read-only; stopped by SIGTERM"

  dpkg --remove mamori >/dev/null 2>&1
  [ ! -e /usr/bin/mamori ] && [ ! -e "$unit" ] || die "a removal leaves the program"
  [ -s $state/mamori.db ] && [ -s $state/root.key ] && [ -s /etc/mamori/mamori.toml ] || die "a removal takes the data"
  dpkg --install /tmp/mamori.deb >/dev/null 2>&1
  serve
  expect "the client after another installation" "$first" "$(as_mamori mamori client list | cut -d ' ' -f 1)"
  stop
  say "removed and installed again: data and settings are those of before"

  # The keys that the examples and the manual put among the settings, and the state on a volume of its own.
  touch /etc/mamori/root.key /etc/mamori/assistant.json
  dpkg --purge mamori >/tmp/dpkg 2>&1 || { cat /tmp/dpkg; die "it can't be purged"; }
  dpkg --install /tmp/mamori.deb >/dev/null 2>&1
  mount -t tmpfs volume $state
  touch $state/mamori.db $state/.hidden
  dpkg --purge mamori >/tmp/dpkg 2>&1 || { cat /tmp/dpkg; die "it can't be purged with its state on a volume"; }
  expect "what a purge leaves on a volume" "" "$(ls -A $state)"
  umount $state
  rmdir $state
  # What is gone is in the layer as a device. A page that was read is in man's own cache, which man tidies.
  expect "what a purge leaves" "" "$(find $written -iname '*mamori*' -not -type c -not -path '*/var/cache/man/*')"
  expect "the user stays, and has nothing" /var/lib/mamori "$(getent passwd mamori | cut -d : -f 6)"
  say "purged: no file, folder or link is left, but the user mamori"
}

case ${1:-} in
  --inside) inside ;;
  *.deb) enter "$(realpath "$1")" ;;
  *) die "give the package" ;;
esac
