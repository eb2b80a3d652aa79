import { isSkip, type LogEntry } from './entry.ts';
import { type MutationRecord, toRecord } from './mutation-record.ts';

type Wanted = (entry: LogEntry) => boolean;

interface Watcher {
  readonly wanted: Wanted;
  readonly listener: (records: MutationRecord[]) => void;
  last: readonly MutationRecord[] | undefined;
}

/** The mutation log as the app sees it, and who watches it. */
export class Records {
  readonly #entries: () => readonly LogEntry[];
  readonly #rejectsOf: (name: string) => readonly string[];
  readonly #failed: (error: unknown) => void;
  readonly #records = new WeakMap<LogEntry, MutationRecord>();
  readonly #watchers = new Set<Watcher>();

  /**
   * @param rejectsOf the codes that the model declares for a mutation
   * @param failed is told of what a listener throws
   */
  constructor(
    entries: () => readonly LogEntry[],
    rejectsOf: (name: string) => readonly string[],
    failed: (error: unknown) => void,
  ) {
    this.#entries = entries;
    this.#rejectsOf = rejectsOf;
    this.#failed = failed;
  }

  read(wanted: Wanted): MutationRecord[] {
    return this.#entries()
      .filter((entry) => !isSkip(entry) && wanted(entry))
      .map((entry) => this.of(entry));
  }

  /** The same record as long as the entry is the same. */
  of(entry: LogEntry): MutationRecord {
    const record = this.#records.get(entry) ?? toRecord(entry, this.#rejectsOf(entry.name));
    this.#records.set(entry, record);
    return record;
  }

  watch(wanted: Wanted, listener: Watcher['listener']): () => void {
    const watcher: Watcher = { wanted, listener, last: undefined };
    this.#watchers.add(watcher);
    queueMicrotask(() => this.#tell(watcher));
    return () => this.#watchers.delete(watcher);
  }

  /** Tells the watchers whose answer has changed. */
  changed(): void {
    for (const watcher of [...this.#watchers]) if (watcher.last) this.#tell(watcher);
  }

  close(): void {
    this.#watchers.clear();
  }

  #tell(watcher: Watcher): void {
    if (!this.#watchers.has(watcher)) return;
    const { last } = watcher;
    const records = this.read(watcher.wanted);
    if (last?.length === records.length && records.every((record, at) => record === last[at])) return;
    watcher.last = records;
    try {
      watcher.listener(records);
    } catch (error) {
      this.#failed(error);
    }
  }
}
