#!/bin/sh
# Puts the database of compose.yaml back to what a file of backup.sh holds. What is there now stays beside it, under another
# name, until you delete it:
#
#   ./restore.sh FILE --yes
#
# Nothing is stopped before the file has been unpacked and checked. docs/operations/backup-and-restore.md says what phones do then.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
compose() { docker compose -f "$here/compose.yaml" "$@"; }
if [ $# -ne 2 ] || [ "$2" != --yes ] || [ ! -r "$1" ]; then
  echo 'restore.sh: the database goes back to the moment of the backup. Call it as ./restore.sh FILE --yes' >&2
  exit 2
fi

# PGDATA is a folder of the volume; what is made beside it is on the same disk.
echo 'unpacking and checking the backup' >&2
compose run --rm -T --no-deps --user postgres --entrypoint sh postgres -c \
  'set -eu; new=$PGDATA.restored; rm -rf "$new"; mkdir -m 700 "$new"; tar xzf - -C "$new"; pg_verifybackup -q "$new"' <"$1"

echo 'stopping everything' >&2
compose stop nginx node1 node2 worker pgbouncer postgres
compose run --rm -T --no-deps --user postgres --entrypoint sh postgres -c \
  'set -eu; mv "$PGDATA" "$PGDATA.before-$(date -u +%Y%m%dT%H%M%SZ)"; mv "$PGDATA.restored" "$PGDATA"'

echo 'starting the database' >&2
compose up -d --wait postgres
# The history that begins now has a name of its own before any node serves it.
compose run --rm -T migrate ekbaar epoch new --yes
compose run --rm -T migrate ekbaar migrate
compose run --rm -T migrate ekbaar doctor || echo 'restore.sh: the doctor has found something, see above' >&2
compose up -d --wait
echo 'restored. Look for after_restore in the dead letters of the next days.' >&2
