import { type Authenticate, type Database, jsonParameter } from '@ekbaar/server';
import { sql } from 'drizzle-orm';
import { indiaOffsetMs } from '../../india-day.ts';

const hourMs = 3_600_000;
/** Sync requests are written down this often: what a node that dies takes with it is a minute's count. */
const writeEveryMs = 60_000;
const settleEveryMs = 10_000;
/** So many agents of so many hours; beyond that, somebody makes names up. */
const mostCounts = 100_000;

interface TrafficOptions {
  readonly database: Database;
  readonly clock: () => Date;
  readonly onError: (error: unknown) => void;
}

/** How much is asked of the server by the hour: counts in memory, and now and then one statement. */
export class Traffic {
  readonly #options: TrafficOptions;
  /** `tenant hour agent` → sync requests that are not written down yet. */
  #counts = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  readonly #settledAt = new Map<string, number>();

  constructor(options: TrafficOptions) {
    this.#options = options;
  }

  /** The same authentication, and whoever syncs is counted. */
  counting(authenticate: Authenticate): Authenticate {
    return async (request) => {
      const authenticated = await authenticate(request);
      if (request.method === 'POST' && /^[^?]*\/v1\/sync\/?(\?|$)/.test(request.url)) {
        const { tenant, id } = authenticated.actor;
        this.#count(tenant, id);
      }
      return authenticated;
    };
  }

  #count(tenant: string, agentId: string): void {
    const key = JSON.stringify([tenant, hourOf(this.#options.clock()).getTime(), agentId]);
    const before = this.#counts.get(key);
    if (before === undefined && this.#counts.size >= mostCounts) return;
    this.#counts.set(key, (before ?? 0) + 1);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.write().catch(this.#options.onError);
    }, writeEveryMs).unref();
  }

  /** Adds what was counted to the hours. What could not be written is counted again. */
  async write(): Promise<void> {
    const counts = this.#counts;
    if (counts.size === 0) return;
    this.#counts = new Map();
    const rows = [...counts].map(([key, count]) => {
      const [tenant, hour, agent] = JSON.parse(key) as [string, number, string];
      return { tenant, hour: new Date(hour).toISOString(), agent, count };
    });
    try {
      await this.#options.database.db.execute(
        sql`insert into traffic_hours (tenant, hour, kind, region_id, count)
            select c.tenant, c.hour, 'sync', coalesce(a.region_id, ''), sum(c.count)
            from json_to_recordset(${jsonParameter(rows)}) as c (tenant text, hour timestamptz, agent text, count int)
            left join agents a on a.tenant = c.tenant and a.id = c.agent
            -- in one order for all nodes, so that two cannot wait for each other
            group by 1, 2, 3, 4 order by 1, 2, 3, 4
            on conflict (tenant, hour, kind, region_id) do update set count = traffic_hours.count + excluded.count`,
      );
    } catch (error) {
      for (const [key, count] of counts) this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
      throw error;
    }
  }

  /**
   * Brings a tenant's hours up to date: writes what was counted, and counts confirmations and failures from the receipts
   * since the last hour that has some. Hours that may still grow are counted anew each time, so that it may be repeated,
   * and mutations pay nothing for it.
   */
  async settle(tenant: string): Promise<void> {
    const now = this.#options.clock().getTime();
    if (now - (this.#settledAt.get(tenant) ?? -Infinity) < settleEveryMs) return;
    this.#settledAt.set(tenant, now);
    await this.write();
    await this.#options.database.db.execute(
      sql`with since as (
            select max(hour) - interval '1 hour' as at from traffic_hours
            where tenant = ${tenant} and kind in ('confirmed', 'failed')
          )
          insert into traffic_hours (tenant, hour, kind, region_id, count)
          select r.tenant, date_trunc('hour', r.server_at, 'Asia/Kolkata'),
            case r.name when 'confirmDelivery' then 'confirmed' else 'failed' end, coalesce(a.region_id, ''), count(*)
          from sync.receipts r left join agents a on a.tenant = r.tenant and a.id = r.actor
          where r.tenant = ${tenant} and r.status = 'applied' and r.name in ('confirmDelivery', 'failDelivery')
            and r.server_at >= coalesce((select at from since), '-infinity')
          group by 1, 2, 3, 4 order by 1, 2, 3, 4
          on conflict (tenant, hour, kind, region_id) do update set count = excluded.count, demo = false`,
    );
  }

  /** Writes the rest. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.write();
  }
}

/** When the operator's hour began that a moment is in. */
function hourOf(at: Date): Date {
  const shifted = at.getTime() + indiaOffsetMs;
  return new Date(shifted - (shifted % hourMs) - indiaOffsetMs);
}
