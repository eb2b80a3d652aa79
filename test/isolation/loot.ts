import type { Chance } from '../chaos/chance.ts';
import type { Cursors } from './collect-cursors.ts';
import type { Envelope } from './envelope.ts';
import type { Place } from './places.ts';

/** What a hostile sender knows: everything. Only what the server tells it is counted against the server. */
export interface Loot extends Cursors {
  readonly scopes: readonly string[];
  readonly keys: readonly string[];
  readonly clientIds: readonly string[];
  readonly envelopes: readonly Envelope[];
  readonly deliveryIds: readonly string[];
  readonly disbursementIds: readonly string[];
  readonly agentIds: readonly string[];
  readonly regions: readonly string[];
  /** Any text of any table, or one that was made to do harm. */
  anything(chance: Chance): string;
}

export const spells: readonly string[] = [
  ...['%', '_', '*', '', ' ', 'null', 'undefined', '[object Object]', '__proto__', 'constructor', '../..', '..%2f'],
  ...["' or '1'='1", "'; drop table deliveries; --", '" or ""="', ') or (1=1', "\\'; reset role; --", '$1', '{a,b}'],
  ...[
    'agent:%',
    'agent:',
    'agent:*',
    'region:',
    'region:%',
    'region:*',
    'actor:',
    'actor:%',
    ':',
    'agent',
    'region:IN-0',
  ],
  ...[
    'agent:a0_',
    'AGENT:a01',
    'agent:a01 ',
    'agent:a01\u0000',
    'a\u0000b',
    '\ud800',
    '\u202e',
    'ａ０１',
    'é',
    '🦜',
    '\uffff',
  ],
  ...['pennco', 'vishi', 'salesco', 'pennco/a01', 'vishi/a01', 'true', '0', '-1', '1e9', '9999999999999999999'],
  'x'.repeat(300),
  'agent:'.repeat(200),
];

export function lootOf(
  places: readonly Place[],
  envelopes: readonly Envelope[],
  { cursors, pageCursors }: Cursors,
): Loot {
  const column = (table: Place['table'], name: string) =>
    distinct(
      places.flatMap(({ table: of, row }) => (of === table && typeof row[name] === 'string' ? [row[name]] : [])),
    );
  const texts = distinct(
    places.flatMap(({ row, canaries }) =>
      [...canaries.keys()].flatMap((name) => (typeof row[name] === 'string' ? [row[name]] : [])),
    ),
  );
  return {
    ...{ cursors, pageCursors, envelopes },
    scopes: distinct([
      ...column('scopes', 'scope'),
      'agent:a01',
      'region:IN-01',
      'actor:ops',
      'region:nowhere',
      'agent:nobody',
    ]),
    keys: [...column('receipts', 'key'), ...column('ledgerEntries', 'key'), ...column('agentTrack', 'key')],
    clientIds: column('clients', 'client_id'),
    deliveryIds: column('deliveries', 'id'),
    disbursementIds: column('disbursements', 'id'),
    agentIds: column('agents', 'id'),
    regions: column('agents', 'region_id'),
    anything: (chance) => chance.pick(chance.is(0.6) ? texts : spells) ?? '',
  };
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].toSorted();
}
