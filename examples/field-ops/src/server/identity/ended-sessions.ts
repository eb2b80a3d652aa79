import { ProblemError, type Authenticate, type Queryable } from '@ekbaar/server';
import { and, eq, gt, or } from 'drizzle-orm';
import { accessSeconds, readSid } from './access-token.ts';
import { sessions } from './tables.ts';

/** How old what this node knows may be: so long may another node's revocation go unheard. */
const freshMs = 250;
/** An access token lives for so long after its session has ended, with what clocks may differ by. */
const rememberedMs = (accessSeconds + 120) * 1000;

/** Sessions that have ended, and the least version of those whose role or regions have changed. */
type Known = ReadonlyMap<string, { readonly ended: boolean; readonly version: number }>;

/**
 * Which sessions ended while their access tokens are still good. Few do in a quarter of an hour, so a node reads all of a
 * tenant's in one statement, at most four times a second, and not one for each request.
 */
export class EndedSessions {
  readonly #db: Queryable;
  readonly #clock: () => Date;
  readonly #known = new Map<string, { readonly since: number; readonly read: Promise<Known> }>();

  constructor(db: Queryable, clock: () => Date) {
    this.#db = db;
    this.#clock = clock;
  }

  /** This node has ended a session: it believes nothing that it has read before. */
  forget(tenant: string): void {
    this.#known.delete(tenant);
  }

  /**
   * `authenticate`, and then the session of the token. Tokens of others who have the secret name none: they go on as
   * they were.
   */
  guarding(authenticate: Authenticate): Authenticate {
    return async (request) => {
      const authenticated = await authenticate(request);
      const { tenant, claims } = authenticated.actor;
      const sid = claims['sid'];
      if (typeof sid !== 'string') return authenticated;
      await this.#check(tenant, sid);
      const stillGood = () =>
        this.#check(tenant, sid).then(
          () => true,
          (error: unknown) => {
            if (error instanceof ProblemError) return false;
            throw error;
          },
        );
      return { ...authenticated, stillGood };
    };
  }

  async #check(tenant: string, sid: string): Promise<void> {
    const { id, version } = readSid(sid);
    const found = (await this.#read(tenant)).get(id);
    if (found === undefined) return;
    if (found.ended) throw new ProblemError('unauthenticated', 'The session has ended: sign in again');
    if (!(version >= found.version))
      throw new ProblemError('token_expired', 'Role or regions have changed: get a new token');
  }

  #read(tenant: string): Promise<Known> {
    const now = this.#clock().getTime();
    const known = this.#known.get(tenant);
    if (known !== undefined && Math.abs(now - known.since) < freshMs) return known.read;
    const read = this.#ask(tenant, new Date(now - rememberedMs));
    const asked = { since: now, read };
    this.#known.set(tenant, asked);
    // Whoever waits for it hears why; the next one asks again.
    read.catch(() => this.#known.get(tenant) === asked && this.#known.delete(tenant));
    return read;
  }

  async #ask(tenant: string, since: Date): Promise<Known> {
    const t = sessions;
    const rows = await this.#db
      .select({ id: t.id, version: t.version, endedAt: t.endedAt })
      .from(t)
      .where(and(eq(t.tenant, tenant), or(gt(t.endedAt, since), gt(t.versionAt, since))));
    return new Map(rows.map(({ id, version, endedAt }) => [id, { ended: endedAt !== null, version }]));
  }
}
