import { SignJWT } from 'jose';
import { type Mint, type Tenant, tenants } from './canary.ts';

/** Somebody with a token that is good. */
export interface Person {
  readonly tenant: string;
  readonly sub: string;
  readonly role: string;
  readonly regions: unknown;
  readonly token: string;
  /** Whether this is how people of the operation are: others have claims that nobody should give them. */
  readonly honest: boolean;
}

/** The regions of a tenant: two that all tenants have, and one of its own. */
export interface Ground {
  readonly tenant: Tenant;
  readonly regions: readonly string[];
  /** Agents by id, with their region: three that all tenants have, and one of its own. */
  readonly agents: readonly { readonly id: string; readonly regionId: string }[];
}

export function groundOf(tenant: Tenant, mint: Mint): Ground {
  const own = `R-${mint.text()}`;
  const agents = [
    { id: 'a01', regionId: 'IN-01' },
    { id: 'a02', regionId: 'IN-02' },
    { id: 'a03', regionId: own },
    { id: `g-${mint.text()}`, regionId: 'IN-01' },
  ];
  return { tenant, regions: ['IN-01', 'IN-02', own], agents };
}

export interface Cast {
  readonly people: readonly Person[];
  /** Tokens that must not be believed. */
  readonly badTokens: readonly string[];
}

type Claims = Record<string, unknown>;

/** Everybody who asks: the people of three operators with the same names, and others with claims as odd as can be. */
export async function castOf(grounds: readonly Ground[], secret: string): Promise<Cast> {
  const people: Person[] = [];
  const add = async (honest: boolean, tenant: string, sub: string, role: string, more: Claims = {}) => {
    const token = await sign({ tenant, sub, role, ...more }, secret);
    people.push({ tenant, sub, role, regions: more['regions'], token, honest });
  };
  for (const { tenant, regions, agents } of grounds) {
    const [first = '', second = '', own = ''] = regions;
    for (const { id } of agents) await add(true, tenant, id, 'agent');
    await add(true, tenant, 'ops', 'ops', { regions: ['*'] });
    await add(true, tenant, 'ops1', 'ops', { regions: [first] });
    await add(true, tenant, 'ops2', 'ops', { regions: [second, own] });
    await add(true, tenant, 'settle', 'settlement', { regions: ['*'] });
    await add(true, tenant, 'settle1', 'settlement', { regions: [first] });
    await add(true, tenant, 'audit', 'auditor', { regions: ['*'] });

    const foreign = grounds.filter((other) => other.tenant !== tenant).flatMap((other) => other.regions);
    for (const sub of oddNames) await add(false, tenant, sub, 'agent');
    await add(false, tenant, 'a09', 'agent', { regions: ['*'], tenants: [...tenants], agents: ['a01'] });
    for (const [at, odd] of oddRegions.entries()) await add(false, tenant, `odd${at}`, 'ops', { regions: odd });
    await add(false, tenant, 'stranger', 'ops', { regions: foreign });
    await add(false, tenant, 'ops', 'agent', { regions: ['*'] });
    for (const role of ['admin', 'Agent', 'agent,ops', 'OPS'])
      await add(false, tenant, 'a01', role, { regions: ['*'] });
  }
  for (const tenant of ['PENNCO', 'pennco_', 'nobody', '-']) {
    await add(false, tenant, 'ops', 'ops', { regions: ['*'] });
    await add(false, tenant, 'a01', 'agent');
  }
  return { people, badTokens: await badTokensOf(secret) };
}

/** Names that look like more than one, or like everybody's. */
const oddNames = [
  ...['x,agent:a01', 'a0%', 'a0_', 'A01', 'a01 ', ' a01', 'actor:a01', 'agent:a01', '*', 'a01","agent:a02'],
  ...['{a01,a02}', "a01' or '1'='1", 'a01\u200b', 'ａ01', '__proto__', 'a01\n'],
];

const oddRegions: readonly unknown[] = [
  ...['*', [['*']], { 0: '*' }, ['%', 'IN-%', 'IN-0_'], ['', ':', 'IN-01,IN-02'], undefined, null, true, [null, 1]],
  ...[['in-01', 'IN-01 '], ['actor:a01', '../actor:a01'], ['__proto__', 'constructor'], { includes: '*' }, '["*"]'],
];

async function badTokensOf(secret: string): Promise<string[]> {
  const good = { tenant: 'pennco', sub: 'ops', role: 'ops', regions: ['*'] };
  const odd: Claims[] = [
    ...['', ' pennco', "pennco' or '1'='1", 'pennco,vishi', 'pennco"', '%', '*', 'p'.repeat(65), 'pennco\0'].map(
      (tenant) => ({ tenant }),
    ),
    ...[['pennco'], ['pennco', 'vishi'], 7, null, { pennco: true }, undefined].map((tenant) => ({ tenant })),
    ...['', ['ops'], undefined, null, 'r'.repeat(65)].map((role) => ({ role })),
    ...['', undefined, ['a01'], 'a\0b', 's'.repeat(129)].map((sub) => ({ sub })),
    ...['other', undefined, ['else']].map((aud) => ({ aud })),
    ...[1, undefined].map((exp) => ({ exp })),
  ];
  const tokens = await Promise.all(odd.map((claims) => sign({ ...good, ...claims }, secret)));
  const plain = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const payload = plain({ ...good, aud: 'ekbaar', exp: 4e9 });
  const [head = '', , signature = ''] = (await sign(good, secret)).split('.');
  return [
    ...tokens,
    await sign(good, `${secret}x`),
    `${plain({ alg: 'none' })}.${payload}.`,
    `${plain({ alg: 'HS256' })}.${payload}.`,
    `${head}.${payload}.${signature}`,
    ...['', 'null', '..', 'ops', `${head}.${payload}`],
  ];
}

function sign(claims: Claims, secret: string): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) + 24 * 3600;
  return new SignJWT({ aud: 'ekbaar', exp, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret));
}
