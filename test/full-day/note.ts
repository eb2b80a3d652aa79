import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** What a phone showed of a delivery when the day was over. */
export interface ShownDelivery {
  readonly id: string;
  readonly status: string;
  readonly amountPaise: number;
  readonly receiptNo: string | null;
}

/**
 * What a simulated agent wrote down, in a file of its own beside the system under test.
 *
 * - `trying`: about to call `mutate()`; the process may die before it can say more
 * - `saved`: `mutate()` resolved, and so the phone has promised it; `found`: it was in the log of a phone that was opened
 *   again after its process had been killed
 * - `told`: the server's outcome, as the phone has it
 * - `closed`: the agent's own count at the end of the day, and what the server said that it differs by
 * - `shown`: what stood on the screen in the end
 */
export type Note =
  | { readonly note: 'trying'; readonly phone: string; readonly name: string }
  | {
      readonly note: 'saved';
      readonly phone: string;
      readonly key: string;
      readonly name: string;
      readonly found: boolean;
      readonly deliveryId?: string;
      /** What the agent said was handed over. */
      readonly amountPaise?: number;
    }
  | {
      readonly note: 'told';
      readonly phone: string;
      readonly key: string;
      readonly state: string;
      readonly code?: string;
      readonly receiptNo?: string;
    }
  | {
      readonly note: 'closed';
      readonly phone: string;
      readonly date: string;
      readonly collectedPaise: number;
      readonly disbursedPaise: number;
      readonly count: number;
      readonly differences: unknown;
    }
  | { readonly note: 'shown'; readonly phone: string; readonly deliveries: readonly ShownDelivery[] }
  | { readonly note: 'line'; readonly counts: Readonly<Record<string, number>> };

/** Writes notes at once: a process that is killed has lost none that it made. */
export class Notebook {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
    // The one before may have been killed in the middle of a line.
    if (existsSync(file)) appendFileSync(file, '\n');
  }

  write(note: Note): void {
    appendFileSync(this.#file, `${JSON.stringify(note)}\n`);
  }
}

/** All notes of a file; a line that was never finished is none. */
export function readNotes(file: string): Note[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return line === '' ? [] : [JSON.parse(line) as Note];
      } catch {
        return [];
      }
    });
}
