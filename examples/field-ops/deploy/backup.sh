#!/bin/sh
# Takes a base backup of the whole database of compose.yaml while it works, checks it, and keeps the newest ones:
#
#   ./backup.sh [FOLDER]        by default backups/, beside this file
#
# A cron job may call it. KEEP says how many stay (14). It ends with 0 only when the new file can be restored.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/backups}
keep=${KEEP:-14}
compose() { docker compose -f "$here/compose.yaml" "$@"; }

umask 077
mkdir -p "$folder"
file=$folder/field-ops-$(date -u +%Y%m%dT%H%M%SZ).tar.gz
trap 'rm -f "$file.part"' EXIT

compose exec -T postgres pg_basebackup -U ekbaar -D - -F tar -z -X fetch --checkpoint=fast >"$file.part"
# Unpacked beside, and every file compared with the backup's own list.
compose run --rm -T --no-deps --entrypoint sh postgres -c \
  'set -eu; mkdir -m 700 /tmp/check; tar xzf - -C /tmp/check; pg_verifybackup -q /tmp/check' <"$file.part"
mv "$file.part" "$file"

ls "$folder"/field-ops-*.tar.gz | sort -r | tail -n "+$((keep + 1))" | while read -r old; do rm -f "$old"; done
echo "$file"
