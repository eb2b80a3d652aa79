#!/bin/sh
# Brings compose.yaml to the release of this checkout while it works: migration, then node after node, then the worker.
#
#   git pull && ./upgrade.sh
#
# It ends at the first thing that fails; nodes that it has not reached go on with the release before, which is as good.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
compose() { docker compose -f "$here/compose.yaml" "$@"; }

compose build migrate pgbouncer
compose run --rm -T migrate
for node in node1 node2; do
  echo "$node" >&2
  # It drains before it goes.
  compose up -d --no-deps "$node"
  tries=0
  until compose exec -T "$node" node -e \
    'fetch("http://127.0.0.1:8787/readyz").then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))'; do
    tries=$((tries + 1))
    if [ "$tries" -ge "${TRIES:-120}" ]; then
      echo "upgrade.sh: $node does not get ready; the others go on as they were" >&2
      exit 1
    fi
    sleep 1
  done
  # It has another address now, and nginx asks for addresses only when it reads its files.
  compose exec -T nginx nginx -s reload
done
compose up -d --no-deps worker
echo 'upgraded' >&2
