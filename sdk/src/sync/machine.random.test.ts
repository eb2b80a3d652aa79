import fc from 'fast-check';
import { expect, test } from 'vitest';
import { begin, type Effect, type Event, type Outcome, type State, step } from './machine.ts';

const minute = 60_000;

/** Something that happens after a while; for each pass that starts then, how long it takes and how it ends. */
interface Happening {
  readonly afterMs: number;
  readonly event: Event;
  readonly pass: { readonly tookMs: number; readonly outcome: Outcome };
  /** The clock is set: by so much. */
  readonly clockMs: number;
}

const complete: Outcome = { name: 'complete' };

const anOutcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constant(complete),
  fc.record({ name: fc.constant('held' as const), retryAfterMs: fc.option(fc.nat(20 * minute), { nil: undefined }) }),
  fc.record({
    name: fc.constantFrom('backoff', 'asked', 'hinted', 'token', 'paused'),
    retryAfterMs: fc.oneof(fc.nat(5_000), fc.nat(10 * minute)),
    // The run counts them.
    failedBefore: fc.constant(0),
  }),
);

function happenings(...names: Event['name'][]): fc.Arbitrary<Happening[]> {
  const event: fc.Arbitrary<Event> = fc.oneof(
    ...names.map((name) =>
      name === 'stream'
        ? fc.boolean().map((up) => ({ name, up }))
        : fc.constant({ name } as Exclude<Event, { name: 'ended' | 'stream' }>),
    ),
  );
  // Storms, and long silences.
  const afterMs = fc.oneof(fc.nat(20), fc.nat(20), fc.nat(3_000), fc.nat(2 * minute));
  const pass = fc.record({ tookMs: fc.oneof(fc.nat(50), fc.nat(30_000)), outcome: anOutcome });
  const clockMs = fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: -60 * minute, max: 60 * minute }));
  return fc.array(fc.record({ afterMs, event, pass, clockMs }), { size: 'max', maxLength: 300 });
}

const hints = ['poke', 'online', 'visible', 'stream', 'lead'] as const;
const all = [...hints, 'mutation', 'sync'] as const;

/** A runner without anything to run: time passes from timer to timer. */
class Run {
  #now = 0;
  #clock = 1_000_000;
  #state: State;
  #random: number;
  /** When each timer goes off. */
  readonly #due = new Map<'timer' | 'released' | 'ended', number>();
  #pass: Happening['pass'] = { tookMs: 100, outcome: complete };
  #asked = false;
  #failures = 0;
  pending = true;
  readonly passes: { readonly at: number; readonly push: boolean }[] = [];
  readonly effects: Effect[] = [];
  /** What must never happen, and did. */
  readonly broken: string[] = [];

  constructor(seed: number) {
    this.#random = seed;
    const [state, effects] = begin(this.#around());
    this.#state = state;
    effects.forEach((effect) => this.#do(effect));
  }

  get state(): State {
    return this.#state;
  }

  get now(): number {
    return this.#now;
  }

  happen({ afterMs, event, pass, clockMs }: Happening): void {
    this.wait(afterMs);
    this.#clock += clockMs;
    this.#pass = pass;
    this.tell(event);
  }

  tell(event: Event): void {
    if (event.name === 'sync') this.#asked = true;
    const [state, effects] = step(this.#state, event, this.#around());
    this.#state = state;
    effects.forEach((effect) => this.#do(effect));
  }

  /** Lets time pass, and every timer go off in it. */
  wait(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#due].sort(([, left], [, right]) => left - right);
      if (!next || next[1] > end) break;
      const [name, at] = next;
      this.#elapse(at - this.#now);
      this.#due.delete(name);
      this.tell(name === 'ended' ? { name, outcome: this.#outcome() } : { name });
    }
    this.#elapse(end - this.#now);
  }

  /** Everything goes well from now on. */
  mend(): void {
    this.#pass = { tookMs: 100, outcome: complete };
  }

  #outcome(): Outcome {
    // Only a pass that pushes is held.
    const outcome = this.#pass.outcome.name === 'held' && !this.#state.push ? complete : this.#pass.outcome;
    if (!('failedBefore' in outcome)) {
      this.#failures = 0;
      return outcome;
    }
    this.#failures += 1;
    return { ...outcome, failedBefore: this.#failures - 1 };
  }

  #elapse(ms: number): void {
    this.#now += ms;
    this.#clock += ms;
  }

  #do(effect: Effect): void {
    this.effects.push(effect);
    switch (effect.do) {
      case 'pass':
        if (this.#due.has('ended')) this.broken.push('two passes at once');
        if (this.#asked && !effect.push) this.broken.push('asked by hand, and does not push');
        if (!this.#asked && effect.push && this.#due.has('released')) this.broken.push('a hold cut short by no person');
        this.#asked = false;
        this.passes.push({ at: this.#now, push: effect.push });
        this.#due.delete('timer');
        this.#due.set('ended', this.#now + this.#pass.tookMs);
        break;
      case 'wait':
        this.#due.set('timer', this.#now + effect.ms);
        break;
      case 'hold':
        this.#due.set('released', this.#now + effect.ms);
        break;
      case 'release':
        this.#due.delete('released');
        break;
      case 'hurry':
      case 'look':
        break;
    }
  }

  #around() {
    // Numerical Recipes' generator: a shrunk run has the same numbers.
    this.#random = (Math.imul(this.#random, 1664525) + 1013904223) >>> 0;
    return { now: this.#clock, random: this.#random / 2 ** 32, pending: this.pending, visible: true };
  }
}

const seed = Number(process.env['EKBAAR_TEST_SEED'] ?? 20);
const path = process.env['EKBAAR_TEST_PATH'];
const settings = { seed, ...(path !== undefined && { path }) };

/** Most passes that began within ten seconds. */
function busiest(passes: readonly { readonly at: number }[]): number {
  const among = (from: number) => passes.filter(({ at }) => at >= from && at < from + 10_000).length;
  return Math.max(0, ...passes.map(({ at }) => among(at)));
}

test('never two passes at once, a hold is kept, and every wish is fulfilled by a pass that pushes', () => {
  fc.assert(
    fc.property(happenings(...all), fc.nat(), fc.boolean(), (list, random, pending) => {
      const run = new Run(random);
      run.pending = pending;
      for (const one of list) run.happen(one);
      expect(run.broken).toEqual([]);
    }),
    settings,
  );
});

/** All kinds of hints within seconds, on passes that end at once, and all in the same way. */
const storm = fc.tuple(happenings(...hints), anOutcome).map(([list, outcome]) =>
  list.map(({ afterMs, event, pass: { tookMs } }) => ({
    ...{ afterMs: afterMs % 50, event, clockMs: 0 },
    pass: { tookMs: tookMs % 20, outcome },
  })),
);

test('whatever the line and the server do, there is no hot loop', () => {
  fc.assert(
    fc.property(storm, fc.nat(), (list, random) => {
      const run = new Run(random);
      run.tell({ name: 'lead' });
      for (const one of [...list, ...list]) run.happen(one);
      // 5 and then one a second by hints, one a second by holds, and the first short waits of a backoff.
      expect(busiest(run.passes)).toBeLessThanOrEqual(40);
    }),
    settings,
  );
});

test('from wherever it stands, timers alone lead to a pass that pushes while anything is pending', () => {
  fc.assert(
    fc.property(happenings(...all), fc.nat(), (list, random) => {
      const run = new Run(random);
      for (const one of list) run.happen(one);
      run.mend();
      const from = run.passes.length;
      run.wait(40 * minute);
      expect(run.passes.slice(from).some(({ push }) => push)).toBe(true);
    }),
    settings,
  );
});

test('closed is closed', () => {
  fc.assert(
    fc.property(
      happenings(...all),
      happenings(...all, 'timer', 'released', 'close'),
      fc.nat(),
      (before, after, random) => {
        const run = new Run(random);
        for (const one of before) run.happen(one);
        run.tell({ name: 'close' });
        const had = run.effects.length;
        for (const one of after) run.happen(one);
        run.wait(40 * minute);
        expect(run.state).toMatchObject({ name: 'closed' });
        expect(run.effects.slice(had)).toEqual([]);
      },
    ),
    settings,
  );
});
