/** A collection or a disbursement that an agent has for the day: what a request has to know of it. */
export interface PlannedDelivery {
  readonly id: string;
  readonly agentId: string;
  readonly amountPaise: number;
}

/** All rows are of this operator. */
export const tenant = 'pennco';
/** What one agent has to do in a day. */
export const deliveriesPerAgent = 200;
/** What a phone sends at once, and what commits together. */
export const batchSize = 50;

/** Delivery number `at`, from 0: the same rule as in the SQL of `seed.ts`. */
export function deliveryAt(at: number): PlannedDelivery {
  const padded = (letter: string, value: number) => `${letter}${String(value).padStart(8, '0')}`;
  return {
    id: padded('d', at),
    agentId: padded('a', Math.floor(at / deliveriesPerAgent)),
    amountPaise: 55_000 + 12_500 * (at % 10),
  };
}

/** A run of deliveries that nobody else confirms: `from`, inclusive, for `count`. Both are multiples of an agent's day. */
export interface Slice {
  readonly from: number;
  readonly count: number;
}

/** Rounded up to whole days of agents. */
export function wholeDays(deliveries: number): number {
  return Math.ceil(deliveries / deliveriesPerAgent) * deliveriesPerAgent;
}
