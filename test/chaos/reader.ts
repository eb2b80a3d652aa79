import { Delta } from '@ekbaar/sdk/protocol';
import type { Line } from './line.ts';
import type { Tally } from './tally.ts';
import type { Violations } from './violation.ts';
import type { WatchedReplica } from './watched-replica.ts';

export interface ReaderOptions {
  readonly line: Line;
  readonly replica: WatchedReplica;
  /** Most changes in a page. */
  readonly limit: number;
  /** Begins from nothing again whenever it has everything. */
  readonly again: boolean;
  readonly tally: Tally;
  readonly violations: Violations;
}

/** Somebody who only reads: pulls page after page and checks what comes. */
export class Reader {
  readonly replica: WatchedReplica;
  readonly #options: ReaderOptions;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.replica = options.replica;
  }

  /** Fetches one page. @returns whether there are no more of them; undefined without an answer */
  async pull(limit: number = this.#options.limit): Promise<boolean | undefined> {
    const { line, tally, violations, replica } = this.#options;
    const cursor = replica.cursor === null ? '' : `&cursor=${encodeURIComponent(replica.cursor)}`;
    const answer = await line.send('GET', `/v1/pull?limit=${limit}${cursor}`);
    if (answer?.status !== 200) return undefined;
    const parsed = Delta.safeParse(answer.body);
    if (!parsed.success) {
      violations.add('I7', `${replica.name} was answered what is not of the protocol: ${parsed.error.message}`);
      return false;
    }
    replica.take(parsed.data, answer.strangers);
    tally.add('pulls');
    tally.add('changes pulled', parsed.data.changes.length);
    return !parsed.data.more;
  }

  /** What a reader that begins again and again does when it has everything. */
  rest(): void {
    if (this.#options.again) this.replica.startAnew();
  }
}
