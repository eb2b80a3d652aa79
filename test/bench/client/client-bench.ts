import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ServedPage, servePage } from '../../../sdk/src/testing/serve-page.ts';
import { launchChromium } from '../../support/chromium.ts';
import { hotFunctions } from '../hot-functions.ts';
import { middleOf } from '../middle.ts';
import { type ClientRound, fillMany, openMany, runRound, type Sizes } from './client-round.ts';
import type { Entry } from './line-up.ts';
import { pageSources } from './page-sources.ts';
import { Visit } from './visit.ts';

export interface ClientBenchOptions {
  readonly entries: readonly Entry[];
  readonly rounds: number;
  /** How much slower the page's CPU is made; 1 leaves it as it is. Each has a table of its own. */
  readonly rates: readonly number[];
  readonly sizes: Sizes;
  /** Folder for CPU profiles; pages are not minified then, and slower. */
  readonly profiles?: string | undefined;
  readonly print: (line: string) => void;
}

export interface Outcome {
  readonly rounds: ClientRound[];
  /** Why it could not be bundled or did not go on. */
  error?: string;
}

/** For each throttling rate, what each contestant did. */
export type ClientResults = ReadonlyMap<number, ReadonlyMap<Entry, Outcome>>;

/**
 * The same work by every contestant in a real Chromium on a fresh profile, in turns. What is stored is read again and
 * compared after each round; who fails is out, and said to be.
 */
export async function clientBench(options: ClientBenchOptions): Promise<ClientResults> {
  const { entries, rates, sizes, profiles, print } = options;
  const results = new Map(rates.map((rate) => [rate, new Map(entries.map((entry) => [entry, outcome()]))]));
  const sites = new Map<string, ServedPage>();
  const chromium = await launchChromium();
  try {
    print(`Chromium ${chromium.context.browser()?.version()}: ${sizes.rows} rows, ${sizes.manyRows} to open on`);

    /** Runs a part of a contestant in a page of its own, unless it has failed before. */
    const attempt = async (rate: number, entry: Entry, label: string, run: (visit: Visit) => Promise<ClientRound>) => {
      const all = rates.map((each) => results.get(each)?.get(entry));
      const own = results.get(rate)?.get(entry);
      if (!own || own.error !== undefined) return;
      let visit: Visit | undefined;
      try {
        const site = sites.get(entry.file) ?? (await serve(entry.file, profiles === undefined));
        sites.set(entry.file, site);
        const url = new URL(site.url);
        const variant = entry.variant ?? '';
        visit = await Visit.open(chromium, { url, label, variant, profiles, restMs: sizes.restMs });
        const round = await run(visit);
        own.rounds.push(round);
        print(`${label.padEnd(32)} ${shortly(round)}`);
        if (visit.profiles.length > 0) await tell(visit.profiles, site.url, print);
      } catch (error) {
        for (const outcomeOfRate of all) if (outcomeOfRate) outcomeOfRate.error = String(error);
        print(`${label.padEnd(32)} FAILED: ${String(error)}`);
      } finally {
        await visit?.close();
      }
    };

    const [first = 1] = rates;
    const opening = entries.filter(({ parts }) => parts.includes('read'));
    for (const entry of opening) {
      if (!entry.keepsRows) continue;
      await attempt(first, entry, `${entry.name}-many`, async (visit) => {
        await fillMany(visit, entry, sizes);
        return {};
      });
    }
    for (const rate of rates) {
      for (let at = 1; at <= options.rounds; at++) {
        for (const entry of entries) {
          await attempt(rate, entry, `${entry.name}-x${rate}-${at}`, (visit) => runRound(visit, entry, sizes, rate));
        }
        for (const entry of opening) {
          await attempt(rate, entry, `${entry.name}-many`, (visit) => openMany(visit, entry, sizes, rate));
        }
      }
    }
    return results;
  } finally {
    await chromium.close();
    for (const site of sites.values()) site.close();
  }
}

function outcome(): Outcome {
  return { rounds: [] };
}

/** Prints where the time went in each profile. */
async function tell(profiles: readonly string[], url: string, print: (line: string) => void): Promise<void> {
  const locate = await pageSources(url);
  for (const profile of profiles) {
    print(`  ${profile}`);
    for (const line of await hotFunctions(profile, locate, 12)) print(`    ${line}`);
  }
}

function serve(file: string, production: boolean): Promise<ServedPage> {
  return servePage(join(import.meta.dirname, 'contestants', `${file}.ts`), undefined, {
    production,
    // PouchDB imports Node's, which Vite gives to nobody.
    alias: { events: fileURLToPath(import.meta.resolve('events/events.js')) },
  });
}

function shortly(round: ClientRound): string {
  return Object.entries(round)
    .map(([name, value]) => {
      const middle = middleOf([value].flat());
      return name === 'heap' ? `${name} ${(middle / 1e6).toFixed(1)} MB` : `${name} ${middle.toFixed(1)}`;
    })
    .join(', ');
}
