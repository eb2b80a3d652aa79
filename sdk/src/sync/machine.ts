import type { Recovery } from '../errors.ts';
import { failureMs, holdMs, restMs } from './waits.ts';

/** Hints may start so many passes in a row, and then one in each `hintMs`: none of them can make a hot loop. */
const hintsAtOnce = 5;
const hintMs = 1_000;

export type StateName = 'idle' | 'held' | 'following' | 'passing' | Recovery | 'closed';

/** How a pass ended: a recovery is that of its failure. */
export type Outcome =
  | { readonly name: 'complete' }
  | { readonly name: 'held'; readonly retryAfterMs: number | undefined }
  | { readonly name: Recovery; readonly retryAfterMs: number; readonly failedBefore: number };

interface Ended {
  readonly name: 'ended';
  readonly outcome: Outcome;
}

export type Event =
  /** Something of the app, of the line or of a person may be a reason to sync. */
  | { readonly name: 'mutation' | 'poke' | 'online' | 'visible' | 'sync' }
  /** From now on this is the one tab that syncs by itself. */
  | { readonly name: 'lead' }
  /** The wait is over; the hold is over. */
  | { readonly name: 'timer' | 'released' }
  /** The stream of pokes comes, or does not or no longer; told once. */
  | { readonly name: 'stream'; readonly up: boolean }
  | Ended
  | { readonly name: 'close' };
export type EventName = Event['name'];

/** Where the loop stands. */
export interface State {
  readonly name: StateName;
  readonly leading: boolean;
  /** The server asked for patience with the mutations: passes only pull, unless a person asks. */
  readonly holding: boolean;
  /** How often in a row it did. */
  readonly stops: number;
  /** The stream of pokes does not come. */
  readonly polling: boolean;
  /** The pass that is under way pushes too. */
  readonly push: boolean;
  /** What happened during it. */
  readonly remembered: readonly Event[];
  /** How many hints may start a pass at once, as of `hintsAt` (milliseconds since 1970). */
  readonly hints: number;
  readonly hintsAt: number;
}

/** What is to be done. */
export type Effect =
  | { readonly do: 'pass'; readonly push: boolean }
  /** Starts the one wait anew: `timer` comes after it. */
  | { readonly do: 'wait'; readonly ms: number }
  /** The same with the hold, and `released`. */
  | { readonly do: 'hold'; readonly ms: number }
  /** Ends the hold before its time. */
  | { readonly do: 'release' }
  /** A pull that is on its way should give way. */
  | { readonly do: 'hurry' }
  /** Another tab may have done something that this one has not heard of. */
  | { readonly do: 'look' };

/** How everything stands that the machine does not remember itself. */
export interface Surroundings {
  /** Milliseconds since 1970, as the device's clock has it. */
  readonly now: number;
  /** Uniform in [0, 1). */
  readonly random: number;
  /** Something waits to be pushed. */
  readonly pending: boolean;
  /** Somebody may be looking. */
  readonly visible: boolean;
}

export type Step = readonly [State, readonly Effect[]];

/** What an event means in a state. */
type Move = (state: State, event: Event, around: Surroundings) => Step;

/** Nothing now; the pass that comes anyway covers it. */
const stay: Move = (state) => [state, []];

/** Who asks by hand does not wait for the hold to end. */
const pass: Move = (state, { name }, { now }) => {
  const push = name === 'sync' || !state.holding;
  const hints = Math.max(hintsLeft(state, now) - 1, 0);
  return [{ ...state, name: 'passing', push, hints, hintsAt: now }, [{ do: 'pass', push }]];
};

const hint: Move = (state, event, around) => {
  const left = hintsLeft(state, around.now);
  return left >= 1 ? pass(state, event, around) : [state, [{ do: 'wait', ms: (1 - left) * hintMs }]];
};

/** A follower's wait is over. */
const check: Move = (state, event, around) =>
  around.pending ? pass(state, event, around) : [state, [{ do: 'look' }, wait(state, around)]];

/** The stream of pokes comes no longer, or comes again: then it brings a poke. */
const poll: Move = (state, _event, around) => [state, state.polling ? [wait(state, around)] : []];

/** A person's wish comes first: the pass that it starts covers everything else. */
const remember: Move = (state, event) => {
  const { remembered } = state;
  if (remembered.some(({ name }) => name === event.name)) return [state, []];
  return [{ ...state, remembered: event.name === 'sync' ? [event, ...remembered] : [...remembered, event] }, []];
};

const hurry: Move = (...given) => [remember(...given)[0], [{ do: 'hurry' }]];

const end: Move = (before, event, around) => {
  let [state, effects] =
    event.name === 'ended' ? settle({ ...before, remembered: [] }, event, around) : stay(before, event, around);
  // What happened meanwhile ends the wait at once, if this wait heeds it; a mutation only if it was not pushed yet.
  for (const event of before.remembered) {
    if (state.name === 'passing') break;
    if (event.name === 'mutation' && !around.pending) continue;
    const [next, more] = step(state, event, around);
    state = next;
    effects = [...effects, ...more];
  }
  return [state, effects];
};

const close: Move = (state) => [{ ...state, name: 'closed', remembered: [] }, []];

const nothing = {
  mutation: stay,
  poke: stay,
  online: stay,
  visible: stay,
  sync: stay,
  lead: stay,
  timer: stay,
  released: stay,
  stream: stay,
  ended: stay,
  close: stay,
} satisfies Record<EventName, Move>;
const waiting = { ...nothing, sync: pass, timer: pass, close };
const backOnline = { ...waiting, online: hint, visible: hint };

/** ARCHITECTURE.md, beside this file, has this table in words; a test holds the two together. */
const moves: { readonly [S in StateName]: { readonly [E in EventName]: Move } } = {
  idle: { ...backOnline, mutation: pass, poke: hint, stream: poll, released: pass },
  held: { ...backOnline, poke: hint, stream: poll, released: pass },
  following: { ...waiting, timer: check, lead: pass },
  passing: {
    ...nothing,
    mutation: hurry,
    poke: remember,
    online: remember,
    visible: remember,
    sync: remember,
    ended: end,
    close,
  },
  backoff: { ...backOnline, poke: hint },
  asked: waiting,
  hinted: backOnline,
  token: backOnline,
  paused: { ...waiting, mutation: pass },
  closed: nothing,
};

/** Before anything has happened: a tab that does not lead yet. */
export const atStart: State = {
  name: 'following',
  leading: false,
  holding: false,
  stops: 0,
  polling: false,
  push: false,
  remembered: [],
  hints: hintsAtOnce,
  hintsAt: 0,
};

export function begin(around: Surroundings): Step {
  return rest(atStart, around);
}

/** The state after an event, and what is to be done. Nothing else decides when the device syncs. */
export function step(before: State, event: Event, around: Surroundings): Step {
  const state = noted(before, event);
  return moves[state.name][event.name](state, event, around);
}

/** What an event says about the surroundings counts in whatever state. */
function noted(state: State, event: Event): State {
  if (event.name === 'lead') return { ...state, leading: true };
  if (event.name === 'stream') return { ...state, polling: !event.up };
  if (event.name === 'released') return { ...state, holding: false };
  return state;
}

/** A clock that was set back gives no hints, and takes none. */
function hintsLeft({ hints, hintsAt }: State, now: number): number {
  return Math.min(hints + Math.max(now - hintsAt, 0) / hintMs, hintsAtOnce);
}

function settle(state: State, event: Ended, around: Surroundings): Step {
  const { outcome } = event;
  if (outcome.name === 'complete') {
    if (state.push) return rest({ ...state, holding: false, stops: 0 }, around, { do: 'release' });
    // The hold may have ended during a pass that only pulled.
    return state.holding ? rest(state, around) : pass(state, event, around);
  }
  if (outcome.name === 'held') {
    const ms = holdMs(around.random, outcome.retryAfterMs, state.stops);
    return rest({ ...state, holding: true, stops: state.stops + 1 }, around, { do: 'hold', ms });
  }
  // Who leads goes on; a follower leaves it at the one try.
  if (!state.leading) return rest(state, around);
  const ms = failureMs(around.random, { ...outcome, recovery: outcome.name });
  return [{ ...state, name: outcome.name }, [{ do: 'wait', ms }]];
}

function rest(state: State, around: Surroundings, ...effects: Effect[]): Step {
  const name = !state.leading ? 'following' : state.holding ? 'held' : 'idle';
  return [{ ...state, name }, [...effects, wait(state, around)]];
}

function wait({ leading, polling }: State, { random, visible }: Surroundings): Effect {
  return { do: 'wait', ms: restMs(random, leading && polling, visible) };
}
