/** A row such as a field agent's phone holds: about 200 bytes as JSON. */
export type Delivery = {
  readonly id: string;
  readonly status: string;
  readonly regionId: string;
  readonly customerName: string;
  readonly amountPaise: number;
  readonly dueOn: string;
};

/** One mutation: a delivery gets another status. */
export interface Change {
  readonly id: string;
  readonly status: string;
}

/** What a live query asks: an indexed field has this value. */
export interface Question {
  readonly field: 'status' | 'regionId';
  readonly value: string;
}

/** Every status has a twentieth of the deliveries: 250 of 5,000. */
export const statuses = Array.from({ length: 20 }, (_, at) => `stage-${String(at).padStart(2, '0')}`);
/** About so many deliveries are in one region, however many there are. */
const perRegion = 50;
/** What rows that the server has changed have more than before. */
const raisePaise = 1_000_000_000;

/** The delivery at a place, the same in every run. Ids are spread: neighbours in time are no neighbours in an index. */
export function deliveryAt(at: number, count: number): Delivery {
  return {
    id: uuidOf(at),
    status: statusAt(at),
    regionId: regionAt(at, count),
    customerName: `Sunita Devi Mahato, house ${at % 997}, Rampur Kalan, Madhubani`,
    amountPaise: 100_000 + (at % 5_000) * 100,
    dueOn: `2026-${String(1 + (at % 12)).padStart(2, '0')}-${String(1 + (at % 28)).padStart(2, '0')}`,
  };
}

export function deliveries(count: number): Delivery[] {
  return Array.from({ length: count }, (_, at) => deliveryAt(at, count));
}

/** A tenth of them, as many of each status, as the server has them later. */
export function raisedDeliveries(count: number): Delivery[] {
  return deliveries(count)
    .filter((_, at) => Math.floor(at / statuses.length) % 10 === 0)
    .map((row) => ({ ...row, amountPaise: row.amountPaise + raisePaise }));
}

export function isRaised({ amountPaise }: Delivery): boolean {
  return amountPaise >= raisePaise;
}

export function statusAt(at: number): string {
  return statuses[at % statuses.length] ?? '';
}

export function regionAt(at: number, count: number): string {
  return `IN-BR-${String(at % regionsOf(count)).padStart(4, '0')}`;
}

/** How many deliveries of `count` are in the region of the delivery at `at`. */
export function countInRegion(at: number, count: number): number {
  const regions = regionsOf(count);
  return Math.floor(count / regions) + (at % regions < count % regions ? 1 : 0);
}

function regionsOf(count: number): number {
  return Math.max(1, Math.floor(count / perRegion));
}

/** Version 4 in form. The multipliers are murmur's: https://en.wikipedia.org/wiki/MurmurHash */
function uuidOf(at: number): string {
  const words = [0, 1, 2, 3].map((word) => {
    let hash = Math.imul(at * 4 + word + 1, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return ((hash ^ (hash >>> 16)) >>> 0).toString(16).padStart(8, '0');
  });
  const hex = words.join('');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join('-');
}
