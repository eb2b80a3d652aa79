import { answers, type Database, described, ProblemError, reading } from '@ekbaar/server';
import { and, desc, eq, sql } from 'drizzle-orm';
import * as z from 'zod/mini';
import {
  decisions,
  itemGroups,
  lineGroups,
  runStates,
  SettlementItems,
  SettlementLines,
  SettlementRun,
  SettlementRuns,
} from '../../settlement-answers.ts';
import {
  type Circle,
  office,
  type OpsApp,
  opsRoute,
  pageEnd,
  PageLimit,
  pageStart,
  refusedTo,
} from '../jobs/ops-route.ts';
import type { OpsBoss } from '../jobs/ops-boss.ts';
import { regionsOf } from '../mutators.ts';
import { streamed } from '../exports/streamed.ts';
import { decide } from './decisions.ts';
import { receiveFile } from './receive-file.ts';
import { reportText } from './report.ts';
import { itemPage, linePage } from './run-pages.ts';
import { findRun, type Run } from './run-store.ts';
import { enqueueRun } from './settlement-queue.ts';
import { runAgain } from './settlement-run.ts';
import { settlementRuns } from './tables.ts';

/** The bank's file is the whole operator's: ops and settlement of some regions only do not see it. */
const settlers: Circle = {
  inWords: 'ops and settlement with all regions',
  includes: (actor) => office.includes(actor) && regionsOf(actor).includes('*'),
};

const FileName = z._default(z.string().check(z.minLength(1), z.maxLength(200), z.regex(/^[^\p{Cc}]+$/u)), 'bank.csv');

/** `/api/v1/settlement`: the bank's files, and what came of them. */
export function settlementRoutes(
  who: Omit<OpsApp, 'mayUse'>,
  database: Database,
  bosses: OpsBoss,
  clock: () => Date,
): void {
  const ops: OpsApp = { ...who, mayUse: settlers };
  const { app, authenticate } = who;
  const theRun = async (tenant: string, id = ''): Promise<Run> => {
    const run = await findRun(database.db, tenant, id);
    if (run === undefined) throw new ProblemError('not_found', 'There is no such settlement run');
    return run;
  };

  app.post(
    '/api/v1/settlement/runs',
    described(
      async (c) => {
        const { actor } = await authenticate(c.req.raw);
        if (!settlers.includes(actor)) throw refusedTo(actor, settlers);
        const encoding = c.req.header('content-encoding') ?? 'identity';
        if (encoding !== 'identity')
          throw new ProblemError('unsupported_encoding', 'Send the bank’s file as it is, not compressed');
        const name = FileName.safeParse(c.req.query('name'));
        if (!name.success)
          throw new ProblemError('malformed', 'The query parameter "name" is no file name', {
            issues: [{ path: 'name', message: 'no file name' }],
          });
        const bytes = (c.req.raw.body ?? new Blob([]).stream()) as unknown as AsyncIterable<Uint8Array>;
        // Before the transaction: it opens on the same database, of which an embedded one has a single connection.
        const boss = await bosses.boss();
        const { run, isNew } = await receiveFile(
          database,
          { tenant: actor.tenant, name: name.data, by: actor.id, bytes },
          clock,
          (tx, made) => enqueueRun(boss, tx, made),
        );
        if (!isNew && run.state !== 'done' && run.state !== 'failed') await enqueueRun(boss, database.db, run);
        c.header('Cache-Control', 'no-store');
        return c.json(SettlementRun.parse(shown(run)), isNew ? 201 : 200);
      },
      {
        of: 'operation',
        operation: {
          operationId: 'post.api.v1.settlement.runs',
          tags: ['App'],
          summary: 'Takes the bank’s file as it is, and settles it; the same file again is the same run',
          parameters: [{ name: 'name', in: 'query', schema: { type: 'string', maxLength: 200 } }],
          requestBody: { required: true, content: { 'text/csv': { schema: { type: 'string' } } } },
          responses: answers(
            {
              '200': {
                description: 'The file is known: its run',
                content: { 'application/json': { schema: runSchema() } },
              },
              '201': { description: 'A new run', content: { 'application/json': { schema: runSchema() } } },
            },
            ['malformed', 'forbidden', 'too_large', 'unsupported_encoding'],
          ),
        },
      },
    ),
  );

  opsRoute(ops, {
    method: 'get',
    path: '/api/v1/settlement/runs',
    summary: 'Settlement runs, the newest first',
    query: z.object({ state: z.optional(z.enum(runStates)), limit: PageLimit, cursor: z.optional(z.string()) }),
    answer: SettlementRuns,
    async run({ actor: { tenant }, query: { state, limit, cursor } }) {
      const after = pageStart(cursor);
      const rows = await reading(database, tenant, (tx) =>
        tx
          .select()
          .from(settlementRuns)
          .where(
            and(
              eq(settlementRuns.tenant, tenant),
              state === undefined ? undefined : eq(settlementRuns.state, state),
              after === undefined
                ? undefined
                : sql`(${settlementRuns.uploadedAt}, ${settlementRuns.id}) < (${after.at.toISOString()}::timestamptz, ${after.id}::uuid)`,
            ),
          )
          .orderBy(desc(settlementRuns.uploadedAt), desc(settlementRuns.id))
          .limit(limit),
      );
      const last = rows.length === limit ? rows.at(-1) : undefined;
      return { runs: rows.map(shown), next: last === undefined ? null : pageEnd(last.uploadedAt, last.id) };
    },
  });

  opsRoute(ops, {
    method: 'get',
    path: '/api/v1/settlement/runs/:id',
    summary: 'One settlement run, with its totals',
    answer: SettlementRun,
    run: async ({ actor: { tenant }, path: { id } }) => shown(await theRun(tenant, id)),
  });

  opsRoute(ops, {
    method: 'get',
    path: '/api/v1/settlement/runs/:id/lines',
    summary: 'The lines of a run’s file, in their order; of one group or of all',
    query: z.object({ group: z.optional(z.enum(lineGroups)), limit: PageLimit, cursor: z.optional(LineCursor) }),
    answer: SettlementLines,
    async run({ actor: { tenant }, path: { id }, query: { group, limit, cursor } }) {
      const run = await theRun(tenant, id);
      const lines = await reading(database, tenant, (tx) => linePage(tx, run, { group, after: cursor, limit }));
      return { lines, next: lines.length === limit ? String(lines.at(-1)?.no) : null };
    },
  });

  opsRoute(ops, {
    method: 'get',
    path: '/api/v1/settlement/runs/:id/disbursements',
    summary: 'The disbursements that a run is about; of one group or of all, all or those that wait for somebody',
    query: z.object({
      ...{ group: z.optional(z.enum(itemGroups)), open: z._default(z.stringbool(), false), limit: PageLimit },
      cursor: z.optional(z.string().check(z.maxLength(64), z.regex(/^[^\0]*$/))),
    }),
    answer: SettlementItems,
    async run({ actor: { tenant }, path: { id }, query: { group, open, limit, cursor } }) {
      const run = await theRun(tenant, id);
      const items = await reading(database, tenant, (tx) => itemPage(tx, run, { group, open, after: cursor, limit }));
      return { disbursements: items, next: items.length === limit ? (items.at(-1)?.disbursementId ?? null) : null };
    },
  });

  opsRoute(ops, {
    method: 'post',
    path: '/api/v1/settlement/runs/:id/again',
    summary: 'Settles a run’s file once more, by what the books say now; never posts anything twice',
    status: 202,
    answer: SettlementRun,
    async run({ actor: { tenant }, path: { id } }) {
      const { id: runId, state } = await theRun(tenant, id);
      if (state === 'failed')
        throw new ProblemError('malformed', 'The file could not be read, and still cannot: upload a better one', {
          issues: [{ path: 'id', message: 'a failed run' }],
        });
      const boss = await bosses.boss();
      const run = await runAgain(database, tenant, runId, (tx, taken) => enqueueRun(boss, tx, taken));
      if (run === undefined) throw new ProblemError('not_found', 'There is no such settlement run');
      return shown(run);
    },
  });

  opsRoute(ops, {
    method: 'post',
    path: '/api/v1/settlement/runs/:id/disbursements/:disbursement/decide',
    summary: 'Notes what is decided about a disbursement that does not fit the bank’s file',
    body: z.object({
      decision: z.enum(decisions),
      reason: z.string().check(z.trim(), z.minLength(3), z.maxLength(500), z.regex(/^[^\0]*$/)),
      /** `decisions` of the disbursement as it was shown. */
      seen: z.int().check(z.nonnegative()),
    }),
    answer: z.object({ disbursementId: z.string(), no: z.int(), decision: z.string(), decidedAt: z.string() }),
    async run({ actor: { tenant, id: by }, path: { id: runId = '', disbursement: disbursementId = '' }, body }) {
      const made = await decide(database, { tenant, runId, disbursementId, by, ...body }, clock());
      return { ...made, decidedAt: made.decidedAt.toISOString() };
    },
  });

  app.get(
    '/api/v1/settlement/runs/:id/report.csv',
    described(
      async (c) => {
        const { actor } = await authenticate(c.req.raw);
        if (!settlers.includes(actor)) throw refusedTo(actor, settlers);
        const run = await theRun(actor.tenant, c.req.param('id'));
        return streamed(
          reportText(database, run),
          `settlement-${run.upTo ?? 'run'}-${run.id.slice(0, 8)}.csv`,
          'text/csv; charset=utf-8',
        );
      },
      {
        of: 'operation',
        operation: {
          operationId: 'get.api.v1.settlement.runs.id.report.csv',
          tags: ['App'],
          summary: 'A run’s whole report as CSV',
          parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
          responses: answers(
            { '200': { description: 'The report', content: { 'text/csv': { schema: { type: 'string' } } } } },
            ['forbidden', 'not_found'],
          ),
        },
      },
    ),
  );
}

const LineCursor = z.coerce.number().check(z.int(), z.nonnegative(), z.maximum(2 ** 31 - 1));

function runSchema() {
  const { $schema: _, ...schema } = z.toJSONSchema(SettlementRun, { io: 'output' });
  return schema;
}

function shown(run: Run): z.input<typeof SettlementRun> {
  return {
    ...run,
    uploadedAt: run.uploadedAt.toISOString(),
    finishedAt: run.finishedAt?.toISOString() ?? null,
  };
}
