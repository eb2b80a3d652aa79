import type { Effect, Heard } from '../partners/partner-simulator.ts';
import type { BankNight } from './bank-night.ts';
import type { Note } from './note.ts';
import type { OfficeNote } from './office.ts';
import type { GivenDelivery, Stations } from './stations.ts';

/** What everybody noted, and what the database says. The notes come from outside: no code of the server made them. */
export interface Evidence {
  readonly given: readonly GivenDelivery[];
  readonly notes: readonly Note[];
  readonly office: readonly OfficeNote[];
  readonly effects: readonly Effect[];
  readonly heard: readonly Heard[];
  /** By tenant; empty before the night. */
  readonly nights: ReadonlyMap<string, BankNight>;
  /** Keys of positions that were there before the day. */
  readonly tracksBefore: ReadonlySet<string>;
  readonly stations: Stations;
}
