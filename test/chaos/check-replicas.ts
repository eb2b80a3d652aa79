import { isDeepStrictEqual } from 'node:util';
import type { Evidence, SyncedRow } from './evidence.ts';
import type { Violations } from './violation.ts';
import type { WatchedReplica } from './watched-replica.ts';

/** I4: every replica is what the tables say, and so are the lines, counts and checksums that deltas are made of. */
export function checkReplicas(evidence: Evidence, replicas: readonly WatchedReplica[], violations: Violations): void {
  if (evidence.dirty > 0) violations.add('I4', `${evidence.dirty} marks were never published`);
  checkLines(evidence, violations);
  for (const replica of replicas) {
    const expected = new Map(
      evidence.rows
        .filter(({ tenant, scopes }) => tenant === replica.tenant && scopes.some((scope) => replica.reads(scope)))
        .map((synced) => [`${synced.collection}/${synced.id}`, synced.row]),
    );
    const held = replica.rows;
    for (const [path, row] of expected) {
      const own = held.get(path);
      if (own === undefined) violations.add('I4', `${replica.name} does not have ${path}`);
      else if (!isDeepStrictEqual({ ...own }, { ...row })) {
        violations.add(
          'I4',
          `${replica.name} has ${path} as ${JSON.stringify(own)}, the table as ${JSON.stringify(row)}`,
        );
      }
    }
    for (const path of held.keys()) if (!expected.has(path)) violations.add('I4', `${replica.name} still has ${path}`);
  }
}

function checkLines({ rows, changes, scopes }: Evidence, violations: Violations): void {
  const lines = new Set<string>();
  const accounts = new Map<string, { rows: number; checksum: bigint; newest: number }>();
  for (const { tenant, scope, collection, id, version, tag } of changes) {
    const account = accounts.get(`${tenant} ${scope}`) ?? { rows: 0, checksum: 0n, newest: 0 };
    accounts.set(`${tenant} ${scope}`, account);
    account.newest = Math.max(account.newest, version);
    if (tag === 0) continue;
    account.rows++;
    account.checksum += BigInt(tag);
    lines.add(`${tenant} ${scope} ${collection}/${id}`);
  }
  for (const line of rows.flatMap(linesOf)) {
    if (!lines.delete(line)) violations.add('I4', `no line in sync.changes: ${line}`);
  }
  for (const line of lines) violations.add('I4', `a line in sync.changes of a row that is not there: ${line}`);
  for (const { tenant, scope, version, rows: count, checksum } of scopes) {
    const account = accounts.get(`${tenant} ${scope}`) ?? { rows: 0, checksum: 0n, newest: 0 };
    if (account.rows !== count || String(account.checksum) !== checksum || account.newest > version) {
      violations.add(
        'I4',
        `${tenant} ${scope} says ${count} rows, ${checksum}, version ${version}; its lines say ${account.rows}, ${account.checksum}, ${account.newest}`,
      );
    }
  }
}

function linesOf({ tenant, scopes, collection, id }: SyncedRow): string[] {
  return [...new Set(scopes)].map((scope) => `${tenant} ${scope} ${collection}/${id}`);
}
