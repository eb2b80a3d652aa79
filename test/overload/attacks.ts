import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { httpClient } from '../support/http-client.ts';
import { type HostileBody, hugeCursor, syncBody } from './hostile-bodies.ts';
import { head, type RawLine, rawLine } from './raw-line.ts';

/** What became of an attack's requests: how many had which status, and how many lines were cut without one. */
export type Outcomes = Record<string, number>;

/** Where to, and as whom: an agent and one of ops, whose tokens fell into the wrong hands. */
export interface Target {
  readonly url: string;
  readonly port: number;
  readonly agent: string;
  readonly ops: string;
}

export interface Attack {
  readonly name: string;
  readonly run: (target: Target) => Promise<Outcomes>;
}

function counted(outcomes: readonly (number | string)[]): Outcomes {
  const counts: Outcomes = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** Some of the same bodies, `atOnce` at a time. */
function bodies(name: string, many: readonly HostileBody[], atOnce = 8): Attack {
  return {
    name,
    async run({ url, agent }) {
      const http = httpClient(url);
      const left = [...many];
      const outcomes: (number | string)[] = [];
      const send = async () => {
        for (let next = left.pop(); next !== undefined; next = left.pop()) {
          const answer = await http.post('/v1/sync', agent, next.body(), next.headers).catch(() => undefined);
          outcomes.push(answer?.status ?? 'cut');
        }
      };
      await Promise.all(Array.from({ length: atOnce }, send));
      return counted(outcomes);
    },
  };
}

/** Who is still there after so long was not cut. */
const patienceMs = 20_000;

const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

/**
 * Lines that never finish what they began, or take no answer: it lasts until the server has ended the last of them.
 *
 * @param begin what each sends at first
 * @param drip what each sends a few times a second after that
 */
function lingering(name: string, count: number, begin: (target: Target) => string, drip?: string): Attack {
  return {
    name,
    async run(target) {
      const lines = await Promise.all(Array.from({ length: count }, () => rawLine(target.port)));
      const first = begin(target);
      for (const { socket } of lines) if (first !== '') socket.write(first);
      const dripping = setInterval(() => {
        for (const { socket } of lines) if (drip !== undefined && socket.writable) socket.write(drip);
      }, 250);
      const held = lines.map(({ ended }) => Promise.race([ended, sleep(patienceMs, 'held' as const, { ref: false })]));
      const ends = await Promise.all(held);
      clearInterval(dripping);
      return counted(lines.map((line, at) => line.statuses()[0] ?? ends[at] ?? 'cut'));
    },
  };
}

/** Each asks for some 4 MiB, takes a byte a second and asks for more, until the kernel keeps no more for it. */
const slowReaders: Attack = {
  name: '3 readers that take a byte a second',
  async run(target) {
    const request = `${head('GET', '/v1/pull?limit=1000', target.ops)}\r\n`;
    const lines = await Promise.all(times(3, target.port).map((port) => rawLine(port)));
    const slow = async ({ socket }: RawLine) => {
      socket.pause();
      socket.write(request.repeat(10));
      for (let second = 1; second * 1000 < patienceMs; second++) {
        await sleep(1000);
        socket.read(1);
        // A socket that hardly reads hears of its end only when it writes.
        if (await isCut(socket, request)) return 'cut';
      }
      socket.destroy();
      return 'held';
    };
    return counted(await Promise.all(lines.map(slow)));
  },
};

function isCut(socket: RawLine['socket'], text: string): Promise<boolean> {
  return new Promise((resolve) => {
    socket.write(text, (error) => resolve(error instanceof Error));
  });
}

/** Requests one behind the other on few lines, with some always under way on each. */
function pipelined(
  name: string,
  count: number,
  lines: number,
  request: (target: Target, at: number) => string,
  atOnce = 10,
): Attack {
  return {
    name,
    async run(target) {
      const each = count / lines;
      const flood = async (_: unknown, line: number) => {
        const { socket, statuses, ended } = await rawLine(target.port);
        let over = false;
        void ended.then(() => (over = true));
        for (let sent = 0; !over && statuses().length < each;) {
          const wanted = Math.min(each, statuses().length + atOnce);
          let text = '';
          for (; sent < wanted; sent++) text += `${request(target, line * each + sent)}\r\n`;
          if (text !== '') socket.write(text);
          else await sleep(5);
        }
        socket.destroy();
        return [...statuses(), ...times(each - statuses().length, 'cut')];
      };
      return counted((await Promise.all(Array.from({ length: lines }, flood))).flat());
    },
  };
}

const entries = (args: unknown) =>
  Array.from({ length: 500 }, (_, at) => ({
    ...{ id: at + 1, key: crypto.randomUUID(), name: 'failDelivery', args, at: new Date().toISOString(), model: 1 },
  }));

const objects = () =>
  syncBody({ mutations: entries('?').slice(0, 1) }).replace('"?"', `{"note":[${'{},'.repeat(348_000)}0]}`);

const hugeUrl = `/v1/pull?cursor=${hugeCursor(1.7 * 1024 * 1024)}`;
/** A thousand scopes that the token may read, in one pull. */
const thousandScopes = Array.from({ length: 1000 }, (_, at) => `scope=region:${String(at).padEnd(180, 'x')}`).join('&');

/** One after the other, while honest phones are at work. */
export function attacks(hostile: readonly HostileBody[]): Attack[] {
  const named = (part: string) => hostile.filter(({ name }) => name.includes(part));
  return [
    bodies('75 gzip bombs', times(25, named('bomb')).flat()),
    bodies(
      'bodies of a mebibyte made to be slow',
      hostile.filter(({ name }) => !/bomb|cursor|mutations/.test(name)),
    ),
    // Sent, they are a kilobyte each; unpacked and parsed, 18 MiB.
    bodies(
      '256 pushes at once whose args become objects',
      times(256, { name: '', status: 200, body: () => gzipSync(objects()), headers: { 'content-encoding': 'gzip' } }),
      256,
    ),
    bodies('16 huge cursors', times(4, named('cursor')).flat()),
    bodies(
      '8 × 500 mutations with the worst args',
      times(8, { name: '', status: 200, body: () => syncBody({ mutations: entries('x'.repeat(1500)) }) }),
    ),
    pipelined('20 pulls of 1,000 scopes', 20, 4, ({ ops }) => head('GET', `/v1/pull?${thousandScopes}`, ops)),
    pipelined('8 pulls with a cursor of 500 KiB', 8, 8, ({ ops }) => head('GET', hugeUrl, ops)),
    pipelined('10,000 wrong tokens', 10_000, 20, ({ agent }, at) =>
      head('GET', '/v1/pull', `${agent.slice(0, -6)}${String(at).padStart(6, 'A')}`),
    ),
    pipelined('5,000 requests piled up on 10 lines', 5000, 10, () => head('GET', '/healthz', null), 500),
    pipelined('a loop: 2,000 pulls', 2000, 8, ({ agent }) => head('GET', '/v1/pull', agent)),
    pipelined('40 requests with 2 MiB of headers', 40, 40, () =>
      head('GET', '/healthz', null, { filler: 'x'.repeat(2 * 1024 * 1024) }),
    ),
    pipelined(
      '200 requests with 20,000 headers',
      200,
      200,
      () => `${head('GET', '/healthz', null)}${'a: b\r\n'.repeat(20_000)}`,
    ),
  ];
}

/** All at the same time: they last until the server's patience ends. */
export function lingeringAttacks(): Attack[] {
  const size = { 'content-type': 'application/json', 'content-length': '1000000' };
  return [
    lingering('300 lines that say nothing', 300, () => ''),
    lingering('300 lines with slow headers', 300, () => head('GET', '/v1/pull', null), 'x: y\r\n'),
    lingering(
      '40 lines with a mebibyte of headers that never end',
      40,
      () => head('GET', '/v1/pull', null, { filler: 'x'.repeat(1_000_000) }),
      'x: y\r\n',
    ),
    lingering('60 slow bodies', 60, ({ agent }) => `${head('POST', '/v1/sync', agent, size)}\r\n{`, ' '),
    slowReaders,
  ];
}
