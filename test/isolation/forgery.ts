import { deflateRawSync } from 'node:zlib';
import type { Chance } from '../chaos/chance.ts';
import { shortestDeflated, unpacked } from './canary.ts';
import type { Loot } from './loot.ts';

type Wire = { h: unknown; s: Record<string, unknown> };

/** A cursor of a delta that its sender was never given: stolen, damaged, put together, or made up. */
export function forgedCursor(loot: Loot, chance: Chance): string {
  const stolen = chance.pick(loot.cursors) ?? 'e30';
  const other = chance.pick(loot.cursors) ?? 'e30';
  const wire = (text: string): Wire => (JSON.parse(unpacked(text)[0] ?? '{}') as Wire | undefined) ?? { h: '', s: {} };
  switch (chance.below(11)) {
    case 0:
    case 1:
    case 2:
      return stolen;
    case 3:
      return stolen.slice(0, 1 + chance.below(stolen.length));
    case 4: {
      const at = chance.below(stolen.length);
      return `${stolen.slice(0, at)}${chance.pick(['A', 'Z', 'a', 'z', '0', '9', '-', '_'])}${stolen.slice(at + 1)}`;
    }
    case 5:
      return stolen.slice(0, chance.below(stolen.length)) + other.slice(chance.below(other.length));
    case 6:
      // Somebody's history with other people's scopes.
      return packed({ h: wire(stolen).h, s: positions(loot, chance) }, chance);
    case 7:
      return packed(
        {
          h: chance.pick(['', 'x', stolen.slice(0, 16), loot.anything(chance).slice(0, 60)]),
          s: positions(loot, chance),
        },
        chance,
      );
    case 8:
      return packed({ h: wire(stolen).h, s: { ...wire(stolen).s, ...wire(other).s } }, chance);
    case 9:
      return packed({ h: [wire(stolen).h], s: [positions(loot, chance)], tenant: 'vishi' }, chance);
    default:
      return (
        chance.pick([
          loot.anything(chance),
          chance.pick(loot.pageCursors) ?? 'x',
          'null',
          '0',
          'eyJoIjoiIiwicyI6e319',
        ]) || 'x'
      );
  }
}

function positions(loot: Loot, chance: Chance): Record<string, unknown> {
  const scopes = Array.from({ length: 1 + chance.below(8) }, () =>
    chance.is(0.8) ? chance.pick(loot.scopes) : loot.anything(chance),
  );
  return Object.fromEntries(
    scopes.map((scope) => {
      const version = chance.pick([0, 0, 1, 2, 5, 1e9, 2 ** 53, -1, 1.5, '0']);
      const collection = chance.pick([
        '',
        'agents',
        'deliveries',
        'disbursements',
        'agentPositions',
        'receipts',
        'nothing',
      ]);
      return [scope, chance.is(0.6) ? version : [version, chance.pick([0, 1, 1e9]), collection, loot.anything(chance)]];
    }),
  );
}

function packed(wire: unknown, chance: Chance): string {
  const plain = Buffer.from(JSON.stringify(wire));
  const deflated = deflateRawSync(plain).toString('base64url');
  return chance.is(0.3) && deflated.length >= shortestDeflated ? deflated : plain.toString('base64url');
}

/** A cursor of a page or a list that its sender was never given for this question. */
export function forgedPageCursor(loot: Loot, chance: Chance): string {
  const stolen = chance.pick(loot.pageCursors) ?? 'W10';
  const [of, value, id] = (JSON.parse(unpacked(stolen)[0] ?? '[]') as unknown[] | undefined) ?? [];
  const orders = ['id', '-id', 'regionId', '-regionId', 'status', 'agentId', 'dead-letters', 'receipts', 'audit'];
  switch (chance.below(6)) {
    case 0:
    case 1:
      return stolen;
    case 2:
      return stolen.slice(0, 1 + chance.below(stolen.length));
    case 3:
      return packed([of, chance.pick([null, value, loot.anything(chance)]), loot.anything(chance)], chance);
    case 4:
      return packed(
        [
          chance.pick(orders),
          chance.pick([null, '', '0', '1', loot.anything(chance)]),
          chance.pick(['', '0', id, chance.pick(loot.keys)]),
        ],
        chance,
      );
    default:
      return chance.is(0.5) ? forgedCursor(loot, chance) : loot.anything(chance);
  }
}
