import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { atStart, type Event, type Outcome, type State, type StateName, step } from './machine.ts';

const around = { now: 1_000_000, random: 0.5, pending: true, visible: true };
const leading: State = { ...atStart, leading: true, hintsAt: around.now };

/** One of each: the compiler asks for all of them. */
const states: Record<StateName, State> = {
  idle: { ...leading, name: 'idle' },
  held: { ...leading, name: 'held', holding: true, stops: 1 },
  following: { ...atStart, hintsAt: around.now },
  passing: { ...leading, name: 'passing', push: true },
  backoff: { ...leading, name: 'backoff' },
  asked: { ...leading, name: 'asked' },
  hinted: { ...leading, name: 'hinted' },
  token: { ...leading, name: 'token' },
  paused: { ...leading, name: 'paused' },
  closed: { ...leading, name: 'closed' },
};

const columns: Record<string, readonly Event[]> = {
  mutation: [{ name: 'mutation' }],
  poke: [{ name: 'poke' }],
  'online, visible': [{ name: 'online' }, { name: 'visible' }],
  '`sync()`': [{ name: 'sync' }],
  timer: [{ name: 'timer' }],
  'hold over': [{ name: 'released' }],
  leads: [{ name: 'lead' }],
  'pokes stop': [{ name: 'stream', up: false }],
};

const outcomes: Record<Outcome['name'], Outcome> = {
  complete: { name: 'complete' },
  held: { name: 'held', retryAfterMs: 5_000 },
  backoff: { name: 'backoff', retryAfterMs: 0, failedBefore: 3 },
  asked: { name: 'asked', retryAfterMs: 30_000, failedBefore: 0 },
  hinted: { name: 'hinted', retryAfterMs: 30_000, failedBefore: 0 },
  token: { name: 'token', retryAfterMs: 0, failedBefore: 1 },
  paused: { name: 'paused', retryAfterMs: 0, failedBefore: 0 },
};

/** What the machine does, in the words of ARCHITECTURE.md. */
function inWords(state: State, event: Event): string {
  const [next, effects] = step(state, event, around);
  const did = effects.map((effect) => effect.do).join();
  const started = effects.find((effect) => effect.do === 'pass');
  if (started)
    return `${startOf(state, event)}${started.push ? '' : ', pull only'}${next.name === 'passing' ? '' : '?'}`;
  if (next.name !== state.name) return `becomes ${next.name}`;
  if (next.remembered.includes(event)) return `remembered${did === 'hurry' ? ', pulls give way' : did}`;
  if (did === 'wait' && next.polling) return 'waits anew, to poll';
  return did === '' ? '·' : did;
}

function startOf(state: State, event: Event): string {
  const [, ifNothingWaits] = step(state, event, { ...around, pending: false });
  if (ifNothingWaits.some((effect) => effect.do === 'look')) return '→ P if any wait, else looks on disk';
  const [, withoutHints] = step({ ...state, hints: 0 }, event, around);
  return withoutHints.some((effect) => effect.do === 'pass') ? '→ P' : '→ P°';
}

/** The rows below a heading row, cell by cell. */
function tableOf(heading: string): string[][] {
  const lines = readFileSync(new URL('ARCHITECTURE.md', import.meta.url), 'utf8').split('\n');
  const cells = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const first = lines.findIndex((line) => cells(line)[0] === heading);
  const end = lines.findIndex((line, at) => at > first && !line.startsWith('|'));
  return lines
    .slice(first, end)
    .filter((_line, at) => at !== 1)
    .map(cells);
}

describe('ARCHITECTURE.md is what the machine does', () => {
  const [head = [], ...rows] = tableOf('state');
  const nameOf = (cell: string) => /^\*\*(\w+)\*\*/.exec(cell)?.[1] ?? '';

  test('it names every state and every event but the end of a pass and the close', () => {
    expect(rows.map(([first = '']) => nameOf(first))).toEqual(Object.keys(states));
    expect(head.slice(1)).toEqual(Object.keys(columns));
  });

  const cells = rows.flatMap(([first = '', ...words]) =>
    words.map((word, at) => [nameOf(first) as StateName, head[at + 1] ?? '', word] as const),
  );
  test.for(cells)('%s: on %s, %s', ([name, column, word]) => {
    for (const event of columns[column] ?? []) expect(inWords(states[name], event)).toBe(word);
  });

  const [, ...ends] = tableOf('outcome');
  test('it names every outcome', () => {
    expect(ends.map(([first = '']) => /^`(\w+)`/.exec(first)?.[1])).toEqual(Object.keys(outcomes));
  });

  test.for(ends)('after %s', ([first = '', whoLeads = '', follower = '']) => {
    const outcome = outcomes[/\w+/.exec(first)?.[0] as Outcome['name']];
    const after = (state: State) => step(state, { name: 'ended', outcome }, around)[0].name;
    expect(after(states.passing)).toBe(nameOf(whoLeads));
    expect(after({ ...states.passing, leading: false })).toBe(nameOf(follower));
  });

  test('an end of a pass or a close, where there is none to end, changes nothing', () => {
    const { passing, ...others } = states;
    for (const state of Object.values(others)) {
      expect(step(state, { name: 'ended', outcome: outcomes.complete }, around)).toEqual([state, []]);
    }
    for (const state of [passing, ...Object.values(others)]) {
      expect(step(state, { name: 'close' }, around)[0].name).toBe('closed');
    }
  });
});

describe('waits', () => {
  const waited = (state: State, outcome: Outcome, random: number, visible = true) =>
    step(state, { name: 'ended', outcome }, { ...around, random, visible })[1].map((effect) =>
      'ms' in effect ? `${effect.do} ${Math.round(effect.ms / 100) / 10}` : effect.do,
    );
  const almost = 0.999_999;

  test.for<[string, State, Outcome, boolean, string[], string[]]>([
    ['idle', states.passing, outcomes.complete, true, ['release', 'wait 54'], ['release', 'wait 66']],
    [
      'polling',
      { ...states.passing, polling: true },
      outcomes.complete,
      true,
      ['release', 'wait 15'],
      ['release', 'wait 30'],
    ],
    [
      'polling, unseen',
      { ...states.passing, polling: true },
      outcomes.complete,
      false,
      ['release', 'wait 90'],
      ['release', 'wait 180'],
    ],
    ['held', states.passing, outcomes.held, true, ['hold 5', 'wait 54'], ['hold 5', 'wait 66']],
    [
      'held without a time',
      { ...states.passing, stops: 2 },
      { name: 'held', retryAfterMs: undefined },
      true,
      ['hold 0.1', 'wait 54'],
      ['hold 4', 'wait 66'],
    ],
    [
      'held, hot',
      states.passing,
      { name: 'held', retryAfterMs: 0 },
      true,
      ['hold 1', 'wait 54'],
      ['hold 1', 'wait 66'],
    ],
    [
      'held for ever',
      states.passing,
      { name: 'held', retryAfterMs: 2 ** 40 },
      true,
      ['hold 600', 'wait 54'],
      ['hold 600', 'wait 66'],
    ],
    ['backoff', states.passing, outcomes.backoff, true, ['wait 0.1'], ['wait 8']],
    [
      'backoff, late',
      states.passing,
      { ...outcomes.backoff, failedBefore: 1000 } as Outcome,
      true,
      ['wait 0.1'],
      ['wait 60'],
    ],
    ['asked', states.passing, outcomes.asked, true, ['wait 30.1'], ['wait 45']],
    ['hinted', states.passing, outcomes.hinted, true, ['wait 30.1'], ['wait 45']],
    ['token', states.passing, outcomes.token, true, ['wait 0.1'], ['wait 10']],
    ['paused', states.passing, outcomes.paused, true, ['wait 600'], ['wait 600']],
  ])('%s', ([, state, outcome, visible, least, most]) => {
    expect(waited(state, outcome, 0, visible)).toEqual(least);
    expect(waited(state, outcome, almost, visible)).toEqual(most);
  });
});

describe('a person’s wish', () => {
  test('comes before what else was remembered, and pushes although mutations are held', () => {
    let [state] = step({ ...states.passing, holding: true, push: false }, { name: 'poke' }, around);
    [state] = step(state, { name: 'sync' }, around);
    const [after, effects] = step(state, { name: 'ended', outcome: outcomes.complete }, around);
    expect(effects).toContainEqual({ do: 'pass', push: true });
    expect(after.remembered).toEqual([]);
  });

  test('to push is not taken for the end of the server’s patience', () => {
    // The hold ends during a pass by hand, which is held again.
    let [state] = step(states.held, { name: 'sync' }, around);
    [state] = step(state, { name: 'released' }, around);
    const [after, effects] = step(state, { name: 'ended', outcome: outcomes.held }, around);
    expect(after).toMatchObject({ name: 'held', holding: true });
    expect(effects.map((effect) => effect.do)).toEqual(['hold', 'wait']);
  });
});

test('when the hold ends during a pass that only pulls, the next one pushes at once', () => {
  let [state] = step(states.held, { name: 'timer' }, around);
  expect(state.push).toBe(false);
  [state] = step(state, { name: 'released' }, around);
  expect(step(state, { name: 'ended', outcome: outcomes.complete }, around)[1]).toContainEqual({
    do: 'pass',
    push: true,
  });
});

test('a mutation that the pass has pushed along starts no other one', () => {
  const [state] = step(states.passing, { name: 'mutation' }, around);
  const ended: Event = { name: 'ended', outcome: outcomes.complete };
  expect(step(state, ended, { ...around, pending: false })[0].name).toBe('idle');
  expect(step(state, ended, around)[0].name).toBe('passing');
});
