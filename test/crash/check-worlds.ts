import type { Sql } from 'postgres';
import { checkEffects } from '../chaos/check-effects.ts';
import { checkOutcomes } from '../chaos/check-outcomes.ts';
import { checkReplicas } from '../chaos/check-replicas.ts';
import { type Evidence, readEvidence } from '../chaos/evidence.ts';
import { type Violation, Violations } from '../chaos/violation.ts';
import type { World } from './world.ts';

/** What the invariants say of each world, once everybody in it is quiet. */
export async function checkWorlds(sql: Sql, worlds: readonly World[]): Promise<Map<World, readonly Violation[]>> {
  const tenants = worlds.map(({ tenant }) => tenant);
  const evidence = byTenant(await readEvidence(sql, tenants));
  const halts = await sql<{ tenant: string; key: string }[]>`
    select h.tenant, h.key from sync.halts h join sync.receipts r on r.tenant = h.tenant and r.key = h.key
    where h.tenant = any(${tenants}) and r.status <> 'dead'`;
  const audit = await sql<{ tenant: string; key: string }[]>`
    select tenant, subject as key from sync.audit where tenant = any(${tenants}) and action = 'dead_letter.retried'`;
  const marks = await sql<{ tenant: string }[]>`select tenant from sync.dirty where tenant = any(${tenants})`;
  return new Map(
    worlds.map((world) => {
      const found = new Violations();
      const own = <Row extends { tenant: string }>(rows: readonly Row[]) =>
        rows.filter(({ tenant }) => tenant === world.tenant);
      const seen = { ...evidence(world.tenant), dirty: own(marks).length };
      checkOutcomes(seen, world.promises.all, found);
      checkEffects(seen, found);
      checkReplicas(seen, world.replicas, found);
      for (const { key } of own(halts)) found.add('I7', `${key} is settled, and counts as one that fails`);
      const noted = own(audit).map(({ key }) => key);
      if (noted.toSorted().join() !== world.retried.toSorted().join()) {
        found.add('I7', `operations had ${world.retried.join()} run again, and the audit log has ${noted.join()}`);
      }
      return [world, [...world.violations.list, ...found.list]];
    }),
  );
}

/** The same evidence, of one tenant. */
function byTenant(all: Evidence): (tenant: string) => Evidence {
  const lists = Object.entries(all).flatMap(([name, rows]) =>
    Array.isArray(rows) ? [[name, Map.groupBy(rows as { tenant: string }[], ({ tenant }) => tenant)] as const] : [],
  );
  return (tenant) =>
    ({
      ...all,
      ...Object.fromEntries(lists.map(([name, rows]) => [name, rows.get(tenant) ?? []])),
    }) as Evidence;
}
