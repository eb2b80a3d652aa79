import { type Deferred, deferred } from '../deferred.ts';
import { ClosedError, ThinnedError, UnknownKeyError } from '../errors.ts';
import { isSkip, type LogEntry } from './entry.ts';

/** Who waits for the outcomes of mutations, by their keys. */
export class Outcomes {
  readonly #waiting = new Map<string, Deferred<LogEntry>>();
  #closed = false;

  /**
   * Resolves with the entry once it has an outcome.
   *
   * @param known the entry, if there is one
   * @throws what {@link MutationLog.outcome} says
   */
  async of(key: string, known: LogEntry | undefined): Promise<LogEntry> {
    if (known && isSkip(known)) throw new ThinnedError(key);
    if (known?.receipt) return known;
    if (this.#closed) throw new ClosedError();
    const waiting = this.#waiting.get(key) ?? deferred<LogEntry>();
    this.#waiting.set(key, waiting);
    return waiting.promise;
  }

  /** An entry is safely on disk as it is now. */
  announce(entry: LogEntry): void {
    const { key } = entry;
    if (isSkip(entry)) this.#waiting.get(key)?.reject(new ThinnedError(key));
    else if (!entry.receipt) return;
    this.#waiting.get(key)?.resolve(entry);
    this.#waiting.delete(key);
  }

  /** An entry has gone before its outcome was heard of. */
  gone(key: string): void {
    this.#waiting.get(key)?.reject(new UnknownKeyError(key));
    this.#waiting.delete(key);
  }

  close(): void {
    this.#closed = true;
    for (const waiting of this.#waiting.values()) waiting.reject(new ClosedError());
    this.#waiting.clear();
  }
}
