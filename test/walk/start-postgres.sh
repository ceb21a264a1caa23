#!/bin/bash
# A PostgreSQL server of its own for the walk, which only a socket in a directory leads to.
#
#   test/walk/start-postgres.sh start DIR   start it, in DIR, which mustn't be there yet
#   test/walk/start-postgres.sh stop DIR    stop it, and remove DIR
#
# On Debian and Ubuntu it needs: apt-get install -y --no-install-recommends postgresql
set -euo pipefail
dir=$2
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)

# PostgreSQL refuses to run as root; its package has made a user.
as_user() {
  if ((EUID == 0)); then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi
}

case $1 in
start)
  mkdir -p "$dir"
  ((EUID != 0)) || chown postgres: "$dir"
  cd "$dir"
  as_user "$bin/initdb" --pgdata="$dir/data" --username=walk --auth=trust --no-sync --locale=C.UTF-8 >"$dir.log"
  as_user "$bin/pg_ctl" --pgdata="$dir/data" --silent --wait --log="$dir/data/log" \
    --options="-c listen_addresses= -c unix_socket_directories='$dir' -c fsync=off -c autovacuum=off" start
  ;;
stop)
  [[ ! -d $dir/data ]] || (cd / && as_user "$bin/pg_ctl" --pgdata="$dir/data" --silent --mode=immediate stop)
  rm -rf "$dir" "$dir.log"
  ;;
esac
