import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { type Actor, answers, type ApiEnv, type Database, described, ProblemError, reading } from '@ekbaar/server';
import { and, desc, eq, sql } from 'drizzle-orm';
import type { Context } from 'hono';
import * as z from 'zod/mini';
import {
  Export as ExportShape,
  ExportFilters,
  exportFormats,
  exportKinds,
  ExportLink,
  Exports,
} from '../../export-answers.ts';
import { enqueue } from '../jobs/enqueue.ts';
import type { OpsBoss } from '../jobs/ops-boss.ts';
import { office, type OpsApp, opsRoute, pageEnd, PageLimit, pageStart } from '../jobs/ops-route.ts';
import { regionsOf } from '../mutators.ts';
import { readDeliveryQuery } from '../records/delivery-list.ts';
import { findRun } from '../settlement/run-store.ts';
import { takeTurn } from '../take-turn.ts';
import { type Export, endExport, exportBytes, findExport, whichExport } from './export-store.ts';
import { sources } from './sources.ts';
import { streamed } from './streamed.ts';
import { exports } from './tables.ts';

/** How long a link is good that needs no token. */
const linkMs = 10 * 60_000;
/** One person's exports that may wait or run at once. */
const mostAtOnce = 5;
const types = {
  csv: 'text/csv; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  jsonl: 'application/x-ndjson',
} as const;

/** `/api/v1/exports`: files of rows, for ops and settlement, of the regions that they oversee. */
export function exportRoutes(
  who: Omit<OpsApp, 'mayUse'>,
  database: Database,
  bosses: OpsBoss,
  clock: () => Date,
): void {
  const { app, authenticate } = who;
  const ops: OpsApp = { ...who, mayUse: office };
  const own = async (actor: Actor, id = ''): Promise<Export> => {
    const found = await findExport(database.db, actor.tenant, id);
    if (found === undefined || !maySee(actor, found)) throw new ProblemError('not_found', 'There is no such export');
    return found;
  };

  opsRoute(ops, {
    method: 'post',
    path: '/api/v1/exports',
    summary: 'Asks for a file of rows; it is written in the background',
    status: 202,
    body: z.object({
      kind: z.enum(exportKinds),
      format: z.enum(exportFormats),
      filters: z._default(ExportFilters, {}),
    }),
    answer: ExportShape,
    async run({ actor, body: { kind, format, filters } }) {
      const { tenant } = actor;
      const seen = regionsOf(actor);
      const all = seen.includes('*');
      if (sources[kind].whole === true && !all)
        throw forbidden(`${kind} are of the whole operator: that takes a token with all regions`);
      if (filters.region !== undefined && !all && !seen.includes(filters.region))
        throw forbidden(`the token names no region ${filters.region}`);
      if (filters.list !== undefined && kind !== 'deliveries')
        throw new ProblemError('malformed', 'Only deliveries are exported as their list shows them', {
          issues: [{ path: 'filters.list', message: 'only for deliveries' }],
        });
      // It is refused here, not in the background.
      readDeliveryQuery(filters.list ?? '');
      if (kind.startsWith('settlement-') && (await findRun(database.db, tenant, filters.runId ?? '')) === undefined)
        throw new ProblemError('not_found', 'There is no such settlement run: name one as filters.runId');
      // Before the transaction: it opens on the same database, of which an embedded one has a single connection.
      const boss = await bosses.boss();
      const made = await database.db.transaction(async (tx) => {
        await takeTurn(tx, 'exports', tenant, actor.id);
        const open = await tx
          .select({ id: exports.id })
          .from(exports)
          .where(
            and(
              eq(exports.tenant, tenant),
              eq(exports.requestedBy, actor.id),
              sql`${exports.state} in ('queued', 'running')`,
            ),
          );
        if (open.length >= mostAtOnce)
          throw new ProblemError('throttled', `${mostAtOnce} exports of yours are not ready yet: wait, or cancel one`, {
            retryAfterSeconds: 15,
          });
        const id = randomUUID();
        const [row] = await tx
          .insert(exports)
          .values({
            ...{ tenant, id, kind, format, filters, regions: all ? null : seen },
            ...{ requestedBy: actor.id, requestedAt: clock() },
          })
          .returning();
        await enqueue(boss, tx, 'export', [{ data: { tenant, exportId: id } }]);
        return row;
      });
      if (made === undefined) throw new Error('The export is not there after it was written');
      return shown(made);
    },
  });

  opsRoute(ops, {
    method: 'get',
    path: '/api/v1/exports',
    summary: 'Exports, the newest first: the own ones, and with all regions everybody’s',
    query: z.object({ limit: PageLimit, cursor: z.optional(z.string()) }),
    answer: Exports,
    async run({ actor, query: { limit, cursor } }) {
      const after = pageStart(cursor);
      const rows = await reading(database, actor.tenant, (tx) =>
        tx
          .select()
          .from(exports)
          .where(
            and(
              eq(exports.tenant, actor.tenant),
              regionsOf(actor).includes('*') ? undefined : eq(exports.requestedBy, actor.id),
              after === undefined
                ? undefined
                : sql`(${exports.requestedAt}, ${exports.id}) < (${after.at.toISOString()}::timestamptz, ${after.id}::uuid)`,
            ),
          )
          .orderBy(desc(exports.requestedAt), desc(exports.id))
          .limit(limit),
      );
      const last = rows.length === limit ? rows.at(-1) : undefined;
      return {
        exports: rows.filter((row) => maySee(actor, row)).map(shown),
        next: last === undefined ? null : pageEnd(last.requestedAt, last.id),
      };
    },
  });

  opsRoute(ops, {
    method: 'get',
    path: '/api/v1/exports/:id',
    summary: 'How far an export is',
    answer: ExportShape,
    run: async ({ actor, path: { id } }) => shown(await own(actor, id)),
  });

  opsRoute(ops, {
    method: 'post',
    path: '/api/v1/exports/:id/remove',
    summary: 'Cancels an export, or throws its file away',
    answer: ExportShape,
    async run({ actor, path: { id } }) {
      const found = await own(actor, id);
      await endExport(database.db, actor.tenant, found.id, found.state === 'done' ? 'expired' : 'cancelled');
      return shown(await own(actor, id));
    },
  });

  opsRoute(ops, {
    method: 'post',
    path: '/api/v1/exports/:id/link',
    summary: 'A link to the file that needs no token, good for ten minutes; an earlier one ends',
    answer: ExportLink,
    async run({ actor, path: { id } }) {
      const found = await own(actor, id);
      ready(found, clock());
      const secret = randomBytes(32).toString('base64url');
      const linkExpiresAt = new Date(clock().getTime() + linkMs);
      await database.db
        .update(exports)
        .set({ linkHash: hashOf(secret), linkExpiresAt })
        .where(whichExport(actor.tenant, found.id));
      const expiresAt = linkExpiresAt.toISOString();
      return { path: `/api/v1/exports/${found.id}/file?link=${actor.tenant}.${secret}`, expiresAt };
    },
  });

  app.get(
    '/api/v1/exports/:id/file',
    described(
      async (c: Context<ApiEnv>) => {
        const link = c.req.query('link');
        const found =
          link === undefined
            ? await own((await authenticate(c.req.raw)).actor, c.req.param('id'))
            : await linked(c.req.param('id') ?? '', link);
        ready(found, clock());
        return streamed(exportBytes(database, found), fileNameOf(found), types[found.format]);
      },
      {
        of: 'operation',
        operation: {
          operationId: 'get.api.v1.exports.id.file',
          tags: ['App'],
          security: [{}, { bearer: [] }],
          summary: 'The file, with the token of whoever asked for it, or by its link',
          parameters: [
            { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
            { name: 'link', in: 'query', schema: { type: 'string' } },
          ],
          responses: answers(
            {
              '200': {
                description: 'The file',
                content: Object.fromEntries(Object.values(types).map((type) => [type, { schema: { type: 'string' } }])),
              },
            },
            ['forbidden', 'not_found'],
          ),
        },
      },
    ),
  );

  /**
   * The export that a link is for: the link's secret is all that is asked for, and it is kept only as a hash. The link names
   * the operator too, since exports are found by operator and id.
   */
  async function linked(id: string, link: string): Promise<Export> {
    const [, tenant = '', secret = ''] = /^([\w-]{1,64})\.([\w-]{43})$/.exec(link) ?? [];
    const found = tenant === '' ? undefined : await findExport(database.db, tenant, id);
    const until = found?.linkHash === hashOf(secret) ? found.linkExpiresAt : null;
    if (found === undefined || until === null || until <= clock())
      throw new ProblemError('forbidden', 'The link is not good, or no more: ask for a new one');
    return found;
  }
}

/** Whoever asked for it and still oversees its regions; and whoever oversees all. */
function maySee(actor: Actor, { requestedBy, regions }: Export): boolean {
  const seen = regionsOf(actor);
  if (seen.includes('*')) return actor.role === 'ops' || actor.role === 'settlement';
  return requestedBy === actor.id && regions !== null && regions.every((region) => seen.includes(region));
}

/** @throws ProblemError `not_found` */
function ready({ state, expiresAt }: Export, now: Date): void {
  if (state === 'done' && expiresAt !== null && expiresAt > now) return;
  throw new ProblemError(
    'not_found',
    state === 'done' || state === 'expired'
      ? 'The file was thrown away after a day: ask for it again'
      : `The file is not ready: ${state}`,
  );
}

function fileNameOf({ kind, format, requestedAt }: Export): string {
  return `${kind}-${requestedAt.toISOString().slice(0, 16).replaceAll(/[-:]/g, '').replace('T', '-')}.${format}`;
}

function shown(row: Export): z.input<typeof ExportShape> {
  return {
    ...row,
    regions: row.regions === null ? null : [...row.regions],
    requestedAt: row.requestedAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    fileName: fileNameOf(row),
  };
}

function hashOf(link: string): string {
  return createHash('sha256').update(link).digest('hex');
}

function forbidden(why: string): ProblemError {
  return new ProblemError('forbidden', `Not exported: ${why}`);
}
