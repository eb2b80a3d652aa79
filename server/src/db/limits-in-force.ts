const names = ['statement_timeout', 'idle_in_transaction_session_timeout'] as const;
type Name = (typeof names)[number];

const setting = new RegExp(`^set (local )?(${names.join('|')}) = (.*)$`);

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

  /** Takes note of a statement that is about to be sent. A value with a unit is one whose work takes long: no limit here. */
  hear(text: string): void {
    if (text.startsWith('begin')) this.#transaction.clear();
    if (!text.startsWith('set ')) return;
    const [, local, name, value] = setting.exec(text) ?? [];
    if (name !== undefined)
      (local === undefined ? this.#session : this.#transaction).set(name as Name, Number(value) || 0);
  }

  /** In milliseconds; undefined: there is none. */
  of(name: Name): number | undefined {
    return (this.#transaction.get(name) ?? this.#session.get(name)) || undefined;
  }
}
