import { type SQL, sql } from 'drizzle-orm';
import { type Database, jsonParameter } from '../db/database.ts';

/** Older than any push that is merely waiting for its client's lock. */
const waitingSeconds = 10;

/** Whether a push of this subject began a while ago and nothing is known of its end. */
export function diedBefore(tenant: string, subject: string | SQL): SQL {
  return sql`exists (select from sync.attempts where tenant = ${tenant} and subject = ${subject}
    and at < now() - ${waitingSeconds} * interval '1 second')`;
}

interface Note {
  readonly tenant: string;
  readonly subject: string;
  readonly id: string;
}

/**
 * Notes that a push begins, before it does, in a transaction of its own: should the process die of what it runs, the
 * note stays and the next try goes carefully, mutation by mutation. The push's own transaction takes the note away.
 * Notes of pushes that begin together are written together.
 */
export class AttemptLog {
  readonly #database: Database;
  #waiting: Note[] = [];
  #writing: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * @param subject a client id, or the key of a mutation without one
   * @returns the note's id
   */
  async begin(tenant: string, subject: string): Promise<string> {
    const id = crypto.randomUUID();
    this.#waiting.push({ tenant, subject, id });
    this.#next ??= this.#writing.then(() => this.#write());
    await this.#next;
    return id;
  }

  /** Takes back a note whose transaction did not come to it. */
  async end(tenant: string, subject: string, id: string): Promise<void> {
    await this.#database.db.execute(
      sql`delete from sync.attempts where tenant = ${tenant} and subject = ${subject} and id = ${id}`,
    );
  }

  #write(): Promise<void> {
    const notes = this.#waiting;
    this.#waiting = [];
    this.#next = undefined;
    const written = Promise.all(
      [...Map.groupBy(notes, ({ tenant }) => tenant)].map(([tenant, of]) =>
        this.#database.db.execute(sql`select sync.note_attempts(${tenant}, ${jsonParameter(of)})`),
      ),
    ).then(() => {});
    this.#writing = written.catch(() => {});
    return written;
  }
}
