import type { Chance } from '../chaos/chance.ts';
import type { Mint } from './canary.ts';
import type { Person } from './cast.ts';
import { mutationAt, syncBody } from './envelope.ts';
import { forgedCursor, forgedPageCursor } from './forgery.ts';
import { type Loot, spells } from './loot.ts';
import { collections, mutationNames, type Route } from './routes.ts';

/** A request before it is sent. */
export interface Attempt {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Means {
  readonly loot: Loot;
  readonly chance: Chance;
  /** Of the sender's own tenant. */
  readonly mint: Mint;
  /** Ids of clients that are the sender's, and how far each has come. */
  readonly ownClients: readonly { readonly clientId: string; readonly last: number }[];
}

/** A request to a route with whatever may make it say too much. */
export function hostileRequest(route: Route, means: Means): Attempt {
  const { chance } = means;
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encoded(pathValue(name, route, means)));
  const query = new URLSearchParams();
  for (const name of route.query) if (chance.is(0.5)) addQuery(query, name, means);
  if (chance.is(0.2))
    addQuery(query, chance.pick(['scope', 'tenant', 'cursor', 'sort', 'actor', 'regionId', 'limit']) ?? 'scope', means);
  const headers = { ...hostileHeaders(means), ...(chance.is(0.8) ? { 'Idempotency-Key': keyOf(means) } : {}) };
  const text = query.toString();
  return {
    method: route.method,
    path: text === '' ? path : `${path}?${text}`,
    headers,
    ...(route.method === 'POST' ? { body: bodyOf(route, means) } : {}),
  };
}

function encoded(value: string): string {
  return encodeURIComponent(value.toWellFormed()) || '%20';
}

/** Something that is nearly the same. */
function bent(value: string, chance: Chance): string {
  return (
    chance.pick([
      value,
      value,
      value,
      value.toUpperCase(),
      `${value} `,
      `${value}%`,
      value.slice(0, -1),
      `${value}\0`,
    ]) ?? value
  );
}

function pathValue(name: string, { path }: Route, means: Means): string {
  const { loot, chance } = means;
  const pools: Record<string, readonly string[]> = {
    key: loot.keys,
    agentId: loot.agentIds,
    name: path.includes('mutations')
      ? [...mutationNames, 'toString']
      : [...collections.map((each) => each.name), 'receipts', 'constructor'],
    id: path.includes('agents')
      ? loot.agentIds
      : path.includes('disbursements')
        ? loot.disbursementIds
        : loot.deliveryIds,
  };
  const pool = pools[name] ?? loot.deliveryIds;
  return chance.is(0.85) ? bent(chance.pick(pool) ?? 'x', chance) : loot.anything(chance);
}

function addQuery(query: URLSearchParams, name: string, means: Means): void {
  const { loot, chance } = means;
  const times = chance.is(0.8) ? 1 : 2 + chance.below(3);
  for (let at = 0; at < times; at++) query.append(name, queryValue(name, means).toWellFormed());
  // A filter by the foreign value of a field that is none.
  if (chance.is(0.1))
    query.append(chance.pick(['tenant', 'customerName', 'id); --', 'scope']) ?? 'tenant', loot.anything(chance));
}

function queryValue(name: string, { loot, chance }: Means): string {
  switch (name) {
    case 'cursor':
      return chance.is(0.5) ? forgedPageCursor(loot, chance) : forgedCursor(loot, chance);
    case 'scope':
      return bent(chance.is(0.7) ? (chance.pick(loot.scopes) ?? '') : loot.anything(chance), chance);
    case 'limit':
      return String(chance.pick([1, 2, 7, 500, 1000, 100_000, 0, -1, 'x', '1 or 1=1']));
    case 'sort':
      return (
        chance.pick([
          'id',
          '-id',
          'regionId',
          '-status',
          'agentId',
          'tenant',
          'customerName',
          'id desc',
          'id; drop',
          '--id',
          ...spells,
        ]) ?? 'id'
      );
    case 'region':
    case 'regionId':
      return bent(chance.pick(loot.regions) ?? '', chance);
    case 'agent':
    case 'agentId':
    case 'actor':
      return bent(chance.pick(loot.agentIds) ?? '', chance);
    case 'id':
      return bent(chance.pick(loot.deliveryIds) ?? '', chance);
    case 'subject':
      return bent(chance.pick(loot.keys) ?? '', chance);
    case 'status':
      return chance.pick(['dead', 'applied', 'rejected', 'pending', 'confirmed', 'open', '%']) ?? '';
    default:
      return loot.anything(chance);
  }
}

/** Headers by which other servers are told who asks. */
function hostileHeaders({ loot, chance }: Means): Record<string, string> {
  if (chance.is(0.5)) return {};
  const tenant = chance.pick(['pennco', 'vishi', 'salesco', '*']) ?? 'vishi';
  const name = chance.pick([
    ...[
      'X-Tenant',
      'Tenant',
      'X-Ekbaar-Tenant',
      'Ekbaar-Tenant',
      'X-Tenant-Id',
      'X-Forwarded-User',
      'X-Role',
      'X-Scope',
    ],
    ...['X-Original-URL', 'Cookie', 'X-HTTP-Method-Override', 'X-Request-Id', 'If-None-Match', 'Range'],
  ]);
  const value = chance.is(0.7) ? tenant : (chance.pick(loot.clientIds) ?? tenant);
  return { [(chance.is(0.6) ? name : undefined) ?? 'X-Tenant']: value };
}

function keyOf({ loot, chance, mint }: Means): string {
  const key = chance.is(0.7) ? (chance.pick(loot.keys) ?? '') : mint.key();
  return chance.is(0.2) ? key.toUpperCase() : key;
}

/** Arguments that fit every mutation: each takes what it knows. */
function argsOf({ loot, chance, mint }: Means): Record<string, unknown> {
  const { args } = chance.pick(loot.envelopes) ?? { args: {} };
  if (chance.is(0.5)) return chance.is(0.8) ? { ...args } : { ...args, tenant: 'vishi' };
  return {
    deliveryId: bent(chance.is(0.9) ? (chance.pick(loot.deliveryIds) ?? '') : loot.anything(chance), chance),
    disbursementId: bent(chance.pick(loot.disbursementIds) ?? '', chance),
    agentId: bent(chance.pick(loot.agentIds) ?? '', chance),
    amountPaise: mint.paise(),
    ...{ confirmedAt: mutationAt, at: mutationAt, reason: mint.text(), note: mint.text(), bankRef: mint.text() },
    ...{ lat: mint.fraction(), lng: mint.fraction(), accuracyM: mint.fraction() },
    ...{
      date: chance.pick(['2026-11-20', '2026-11-22', '2026-11-23']),
      collectedPaise: 1,
      disbursedPaise: 1,
      count: 1,
    },
    ...(chance.is(0.3) ? { tenant: 'vishi', 'ekbaar.tenant': 'vishi', __proto__: null } : {}),
  };
}

function bodyOf(route: Route, means: Means): unknown {
  const { loot, chance } = means;
  if (chance.is(0.03)) return chance.pick([null, [], 'text', 7, {}, loot.anything(chance)]);
  if (route.path.endsWith('/sync')) return hostileSync(means);
  if (route.path.endsWith('/close')) return { reason: means.mint.text() };
  return argsOf(means);
}

function hostileSync(means: Means): Record<string, unknown> {
  const { loot, chance, mint, ownClients } = means;
  const own = chance.pick(ownClients);
  const stolen = chance.pick(loot.envelopes);
  const clientId =
    chance.is(0.4) && own !== undefined
      ? own.clientId
      : chance.is(0.7)
        ? (stolen?.clientId ?? `c-${mint.text()}`)
        : `c-${mint.text()}`;
  const from = chance.is(0.6) && clientId === own?.clientId ? own.last + 1 : chance.is(0.5) ? 1 : 1 + chance.below(15);
  const mutations = Array.from({ length: chance.pick([0, 1, 1, 2, 3, 6]) ?? 1 }, (_, at) => {
    // As somebody has sent it, or with another part in its place.
    const envelope = chance.is(0.6) ? chance.pick(loot.envelopes) : undefined;
    const key = envelope === undefined || chance.is(0.2) ? keyOf(means) : envelope.key;
    return {
      id: chance.is(0.1) ? 1 + chance.below(40) : from + at,
      key: chance.is(0.1) ? key.toUpperCase() : key,
      name: envelope?.name ?? chance.pick([...mutationNames, '$skip', `x${mint.text()}`]),
      args: envelope === undefined || chance.is(0.2) ? argsOf(means) : envelope.args,
      at: mutationAt,
      model: 1,
      ...(chance.is(0.15) ? { receipt: formerReceipt(means) } : {}),
    };
  });
  return syncBody(clientId, {
    mutations,
    ack: chance.pick([0, 0, 0, 1, 5, 1000]),
    cursor: chance.is(0.3) ? null : forgedCursor(loot, chance),
    limit: chance.pick([1000, 1000, 1, 3, 20]),
    diverged: chance.is(0.4) ? [chance.pick(loot.scopes), bent(chance.pick(loot.scopes) ?? 'x', chance)] : [],
    ...(chance.is(0.1) ? { tenant: 'vishi', actor: 'a01', scopes: loot.scopes } : {}),
  });
}

function formerReceipt({ chance, mint }: Means) {
  const error = {
    code: chance.pick(['already_confirmed', 'already_done', 'x']),
    message: mint.text(),
    details: { note: mint.text() },
  };
  return chance.is(0.5) ? { status: 'rejected', error } : { status: 'applied', result: { receiptNo: mint.text() } };
}

/** Somebody in words, for a report. */
export function inWords({ tenant, sub, role, regions }: Person): string {
  return `${tenant}/${JSON.stringify(sub)} as ${role}${regions === undefined ? '' : ` of ${JSON.stringify(regions)}`}`;
}
