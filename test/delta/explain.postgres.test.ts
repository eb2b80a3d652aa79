import { Delta } from '@ekbaar/sdk/protocol';
import { sql } from 'drizzle-orm';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { type PostgresTap, type SentStatement, startPostgresTap } from '../support/postgres-tap.ts';

const deliveries = 200_000;
const agents = 20_000;
const regions = 200;
/** Of the engine's tables, those that have a few rows however large the operation is. */
const small = new Set(['settings', 'tracked']);

let database: FreshDatabase;
let tap: PostgresTap;
let ekbaar: FieldOps;
/** As the owner, past the tap. */
let direct: postgres.Sql;

beforeAll(async () => {
  database = await freshDatabase();
  direct = postgres(database.url, { max: 1, onnotice: () => {} });
  tap = await startPostgresTap(database.url);
  ekbaar = await startFieldOps({ url: tap.url, demo: { agents: 1, deliveries: 1 } });
  await fill();
}, 300_000);
afterAll(async () => {
  await ekbaar.close();
  await tap.close();
  await direct.end();
  await database.drop();
});

/** As if they had been published long ago: through the triggers it would take minutes. */
async function fill(): Promise<void> {
  await direct.unsafe(`
    alter table deliveries disable trigger user;
    alter table agents disable trigger user;
    alter table disbursements disable trigger user;
    alter table agent_positions disable trigger user;
    insert into agents (tenant, id, name, phone, region_id)
      select 'pennco', 'x' || n, 'Sunita Kumari', '+910000000000', 'IN-' || n % ${regions} from generate_series(0, ${agents - 1}) n;
    insert into deliveries (tenant, id, kind, agent_id, region_id, village, pincode, customer_name, customer_phone, mfi_id,
        loan_id, instalment_no, amount_paise, due_on)
      select 'pennco', 'x' || n, 'collection', 'x' || n % ${agents}, 'IN-' || n % ${agents} % ${regions}, 'Bodh Gaya', '824231',
        'Asha Devi', '+910000000001', (array['bfil', 'lnt'])[1 + n % 2], 'X-' || n, 1, 100 + n, date '2026-01-01' + n % 300
      from generate_series(0, ${deliveries - 1}) n;
    insert into disbursements (tenant, id, delivery_id, mfi_id, loan_id, amount_paise, region_id)
      select tenant, 'b' || id, id, mfi_id, loan_id, amount_paise, region_id from deliveries where id like 'x%1';
    insert into agent_positions (tenant, agent_id, lat, lng, accuracy_m, at, region_id)
      select tenant, id, 24.7, 85, 5, now(), region_id from agents where id like 'x%';
    alter table deliveries enable trigger user;
    alter table agents enable trigger user;
    alter table disbursements enable trigger user;
    alter table agent_positions enable trigger user;
    insert into sync.changes (tenant, scope, collection, row_id, version, tag)
      select * from (
        select tenant, 'agent:' || agent_id, 'deliveries', id, 1 + substr(id, 2)::int / ${agents}, 1 from deliveries where id like 'x%'
        union all select tenant, 'region:' || region_id, 'deliveries', id, 1 + substr(id, 2)::int / ${agents}, 1 from deliveries where id like 'x%'
      ) lines
      -- as they lie after years of use
      order by random();
    insert into sync.changes (tenant, scope, collection, row_id, version, tag)
      select tenant, scope, collection, 'gone' || row_id, version, 0 from sync.changes where row_id like 'x%1';
    insert into sync.scopes (tenant, scope, version, rows, checksum)
      select tenant, scope, max(version), sum(tag), sum(tag) from sync.changes where row_id like 'x%' group by tenant, scope
      on conflict do nothing;
    insert into sync.clients (tenant, client_id, actor) select 'pennco', 'client-' || n, 'x' || n from generate_series(0, 50000) n;
    insert into sync.receipts (tenant, key, actor, role, name, args, content, status)
      select 'pennco', gen_random_uuid(), 'x' || n, 'agent', 'confirmDelivery', '{}', '', 'applied' from generate_series(0, 50000) n;
    insert into sync.slots (tenant, client_id, id, key, content)
      select 'pennco', 'client-' || n, 1, gen_random_uuid(), '' from generate_series(0, 50000) n;
    insert into sync.halts (tenant, key, tries, first_at, last_at, error)
      select 'pennco', gen_random_uuid(), 1, now(), now(), '' from generate_series(0, 20000) n;
    insert into sync.attempts (tenant, subject, id) select 'pennco', 'client-' || n, gen_random_uuid() from generate_series(0, 20000) n;
  `);
  await direct.unsafe('analyze');
}

/** Everything that a reader asks for. */
async function readAll(): Promise<void> {
  const [agent, ops, some] = await Promise.all([
    ekbaar.token('x7', 'agent'),
    ekbaar.token('ops', 'ops'),
    ekbaar.token('ops', 'ops', 'pennco', { regions: ['IN-3', 'IN-4'] }),
  ]);
  const pull = async (token: string, asked: Record<string, string>) => {
    const { status, body } = await ekbaar.get(`/v1/pull?${new URLSearchParams(asked)}`, token);
    expect(status).toBe(200);
    return Delta.parse(body);
  };
  for (const token of [agent, ops, some]) {
    const first = await pull(token, {});
    const cut = await pull(token, { limit: '3' });
    await pull(token, { limit: '3', cursor: cut.cursor });
    const { delta } = await ekbaar.sync(token, { cursor: first.cursor, clientId: `client-of-${token.length}` });
    const [scope = ''] = Object.keys(delta.scopes);
    await pull(token, { scope, cursor: delta.cursor });
    await ekbaar.sync(token, { cursor: delta.cursor, diverged: [scope] });
  }
  const page = async (token: string, path: string) =>
    expect((await ekbaar.get(`/v1/collections/${path}`, token)).status).toBe(200);
  for (const token of [agent, ops, some]) {
    const { body } = await ekbaar.get('/v1/collections/deliveries?limit=5', token);
    await page(token, `deliveries?${new URLSearchParams({ limit: '5', cursor: (body as { next: string }).next })}`);
    await page(token, 'deliveries?regionId=IN-3&status=pending');
    await page(token, 'deliveries?agentId=x7&sort=-dueOn');
    await ekbaar.get('/v1/collections/deliveries/x7', token);
  }
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly 'Actual Rows'?: number;
  readonly Plans?: readonly PlanNode[];
}

async function planOf(explain: string, { text, parameters }: SentStatement): Promise<PlanNode> {
  return direct.begin(async (tx) => {
    await tx.unsafe(`set local role ekbaar_engine`);
    await tx.unsafe(`set local ekbaar.tenant = 'pennco'`);
    // As a delta's transaction has it, for this table, which is often empty.
    if (/sync\.dirty/.test(text)) await tx.unsafe(`set local enable_seqscan = off`);
    const values = explain.includes('generic') ? [] : [...parameters];
    const [row] = await tx.unsafe<{ 'QUERY PLAN': [{ Plan: PlanNode }] }[]>(`explain (${explain}) ${text}`, values);
    if (row === undefined) throw new Error(`no plan of ${text}`);
    return row['QUERY PLAN'][0].Plan;
  });
}

function nodesOf(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

test('every statement of a delta, a pull and a collection’s page goes by indexes, with its values and whatever they are', async () => {
  const from = tap.sent.length;
  await readAll();
  // What the background asks meanwhile, as the sweepers and the backfill do, is not a reader’s.
  const reads = tap.sent
    .slice(from)
    .filter(({ text }) => /^(\/\* reads only \*\/ )?(select|with)\b/.test(text.trim()))
    .filter(({ text }) => !/sync\.(dirty d|publish|pokes|note_attempts|tracked)|pgboss/.test(text));
  const statements = new Map(
    reads.map((statement) => [statement.text + JSON.stringify(statement.parameters), statement]),
  );
  const texts = new Set([...statements.values()].map(({ text }) => text));
  const relations = new Map<string, Set<string>>();
  const walks: string[] = [];
  for (const statement of statements.values()) {
    const plans = [await planOf('format json', statement)];
    // As a prepared statement is planned after some calls.
    if (texts.delete(statement.text)) plans.push(await planOf('format json, generic_plan', statement));
    for (const node of plans.flatMap(nodesOf)) {
      const relation = node['Relation Name'];
      if (relation === undefined) continue;
      if (node['Node Type'] === 'Seq Scan' && !small.has(relation))
        walks.push(`${relation}: ${statement.text.slice(0, 200)}`);
      const by = node['Index Name'] ?? node['Node Type'];
      relations.set(relation, (relations.get(relation) ?? new Set()).add(by));
    }
  }
  expect(walks).toEqual([]);
  console.log(`${statements.size} statements`, Object.fromEntries([...relations].map(([name, by]) => [name, [...by]])));
  // That it saw them: heads by prefix, lines in order, rows by key, pages by what they are sorted or filtered by.
  expect([...(relations.get('scopes') ?? [])]).toEqual(expect.arrayContaining(['scopes_by_prefix']));
  expect([...(relations.get('changes') ?? [])]).toEqual(['changes_in_order']);
  expect([...(relations.get('clients') ?? [])]).toContain('clients_tenant_client_id_pk');
  expect([...(relations.get('deliveries') ?? [])].length).toBeGreaterThan(1);
});

test('a prefix is a range of the index, from its first scope to the one behind its last', async () => {
  const from = tap.sent.length;
  await ekbaar.get('/v1/pull', await ekbaar.token('ops', 'ops'));
  const heads = tap.sent.slice(from).find(({ text }) => text.includes('~>=~'));
  if (heads === undefined) throw new Error('no statement asked for a prefix');
  const scan = nodesOf(await planOf('format json, generic_plan', heads)).find(
    (node) => node['Index Name'] === 'scopes_by_prefix' && /~>=~.*~<~/.test(node['Index Cond'] ?? ''),
  );
  expect(scan).toBeDefined();
});

test('a page reads as many lines as it sends and one more, though its scope has far more than most', async () => {
  await direct.unsafe(`
    delete from sync.changes where scope like 'agent:%';
    insert into sync.changes (tenant, scope, collection, row_id, version, tag)
      select 'pennco', 'region:IN-skew', 'deliveries', 'y' || n, n, 1 from generate_series(1, 30000) n order by random();
    insert into sync.scopes (tenant, scope, version, rows, checksum) values ('pennco', 'region:IN-skew', 30000, 30000, 30000);
    analyze sync.changes;
  `);
  const from = tap.sent.length;
  const { body } = await ekbaar.get('/v1/pull?scope=region:IN-skew', await ekbaar.token('ops', 'ops'));
  expect(Delta.parse(body)).toMatchObject({ more: true, changes: { length: 1000 } });
  const lines = tap.sent.slice(from).find(({ text }) => text.includes('from sync.changes'));
  if (lines === undefined) throw new Error('no statement asked for lines');
  const scans = nodesOf(await planOf('format json, analyze', lines)).filter(
    (node) => node['Relation Name'] === 'changes',
  );
  expect(scans.map((node) => node['Actual Rows'])).toEqual([1001]);
});

test('old tombstones are found without reading the rows that are there', async () => {
  const from = tap.sent.length;
  await ekbaar.query(sql`insert into sync.scope_history (tenant, scope, version, at)
    select tenant, scope, 1, now() - interval '40 days' from sync.scopes where scope like 'region:%' on conflict do nothing`);
  await ekbaar.server.engine.sweepTombstones();
  const found = tap.sent.slice(from).filter(({ text }) => /\bsync\.changes c\b/.test(text) && /c\.tag = 0/.test(text));
  expect(found.length).toBeGreaterThan(1);
  const walks: string[] = [];
  for (const statement of found.slice(0, 3)) {
    for (const node of nodesOf(await planAsOwner(statement))) {
      if (node['Relation Name'] === 'changes' && node['Node Type'] === 'Seq Scan') walks.push(statement.text);
    }
  }
  expect(walks).toEqual([]);
}, 120_000);

async function planAsOwner({ text, parameters }: SentStatement): Promise<PlanNode> {
  const [row] = await direct.unsafe<{ 'QUERY PLAN': [{ Plan: PlanNode }] }[]>(`explain (format json) ${text}`, [
    ...parameters,
  ]);
  if (row === undefined) throw new Error(`no plan of ${text}`);
  return row['QUERY PLAN'][0].Plan;
}
