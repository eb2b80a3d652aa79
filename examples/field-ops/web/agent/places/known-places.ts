import * as z from 'zod/mini';
import type { DurablePlace } from '../../shared/remembered.ts';

const KnownPlace = z.object({
  ...{ village: z.string(), pincode: z.string(), lat: z.number(), lng: z.number() },
  precision: z.enum(['village', 'pincode', 'district']),
});
export type KnownPlace = z.infer<typeof KnownPlace>;
const Places = z.object({ places: z.array(KnownPlace) });
const Kept = z.object({ askedFor: z.array(z.string()), places: z.array(KnownPlace) });
type Kept = z.infer<typeof Kept>;

/** One village of a PIN code, as a key. */
export function villageKey({ village, pincode }: { village: string; pincode: string }): string {
  return `${pincode} ${village}`;
}

/** Where the agent's villages are: asked for once with a network, kept on the phone from then on. */
export class KnownPlaces {
  readonly #place: DurablePlace;
  readonly #key: string;
  readonly #token: (why: 'first' | 'expired') => Promise<string>;
  #kept: Kept = { askedFor: [], places: [] };
  #byVillage: ReadonlyMap<string, KnownPlace> = new Map();
  readonly #listeners = new Set<() => void>();

  constructor(place: DurablePlace, key: string, token: (why: 'first' | 'expired') => Promise<string>) {
    this.#place = place;
    this.#key = key;
    this.#token = token;
  }

  readonly get = (): ReadonlyMap<string, KnownPlace> => this.#byVillage;
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  async open(): Promise<void> {
    const kept = Kept.safeParse(await this.#place.get(this.#key));
    if (kept.success) this.#take(kept.data);
  }

  /** Asks the server when there is a village that it was not asked for. Without an answer, the next call tries again. */
  async learn(villages: readonly string[]): Promise<void> {
    const asked = new Set(this.#kept.askedFor);
    if (villages.every((village) => asked.has(village))) return;
    let answer = await ask(await this.#token('first'));
    // The token has run out.
    if (answer.status === 401) answer = await ask(await this.#token('expired'));
    if (!answer.ok) return;
    // A captive portal's page does not fit.
    const parsed = Places.safeParse(await answer.json().catch(() => null));
    if (!parsed.success) return;
    this.#take({ askedFor: [...villages], places: parsed.data.places });
    await this.#place.set(this.#key, this.#kept);
  }

  #take(kept: Kept): void {
    this.#kept = kept;
    this.#byVillage = new Map(kept.places.map((place) => [villageKey(place), place]));
    for (const listener of [...this.#listeners]) listener();
  }
}

function ask(token: string): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` };
  return fetch('/api/v1/places', { headers, signal: AbortSignal.timeout(30_000) });
}
