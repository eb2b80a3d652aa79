const names = ['statement_timeout', 'idle_in_transaction_session_timeout'] as const;
type Name = (typeof names)[number];

const setting = new RegExp(`^set (local )?(${names.join('|')}) = (\\d+)$`);
/** The way to set one that apps may take, in whatever spelling. */
const otherSetting = /\bset\b|\bset_config\b/i;
const ofTransaction = /\blocal\b|\btrue\b/i;

/**
 * The time limits that PostgreSQL was told for a session and its transaction, by the statements that tell it. It is not
 * heard of it when the line to it is dead, or when what it waits for is here.
 */
export class LimitsInForce {
  readonly #session = new Map<Name, number>();
  readonly #transaction = new Map<Name, number>();

  /** @param connection what a session begins with, in milliseconds */
  constructor(connection: Readonly<Record<string, unknown>> = {}) {
    for (const name of names) this.#session.set(name, Number(connection[name] ?? 0));
  }

  /** Takes note of a statement that is about to be sent. One that is not written as ours are is of work that takes long: no limit here. */
  hear(text: string): void {
    if (text.startsWith('begin')) this.#transaction.clear();
    if (!/timeout/i.test(text)) return;
    const [, local, own, ms] = setting.exec(text) ?? [];
    if (own !== undefined) return this.#note(local !== undefined, own as Name, Number(ms));
    if (!otherSetting.test(text)) return;
    for (const name of names) if (text.toLowerCase().includes(name)) this.#note(ofTransaction.test(text), name, 0);
  }

  #note(local: boolean, name: Name, ms: number): void {
    (local ? this.#transaction : this.#session).set(name, ms);
  }

  /** In milliseconds; undefined: there is none. */
  of(name: Name): number | undefined {
    return (this.#transaction.get(name) ?? this.#session.get(name)) || undefined;
  }
}
