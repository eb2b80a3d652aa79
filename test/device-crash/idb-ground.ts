import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { type ServedPage, servePage } from '../../sdk/src/testing/serve-page.ts';
import { type Chromium, launchChromium } from '../support/chromium.ts';
import type { Place } from './idb-page.ts';
import { deathPath } from './real-death.ts';

/** What kills a page's process for real. */
export type Killer = 'renderer' | 'browser';

/** A death of a page's process at a point of a workload; and one of the process that goes on. */
export interface RealVisit {
  readonly workload: string;
  readonly point: Place;
  readonly second?: Place;
  readonly killer: Killer;
}

/** What was there after the last death: what is broken, and which points there were. */
export interface RealOutcome {
  readonly violations: readonly string[];
  readonly points: readonly Place[];
}

class NotReached extends Error {
  override readonly message = 'the point did not come again';
}

/** A real Chromium in which phones die: by instrumentation, or with their process. */
export class IdbGround {
  readonly #chromium: Chromium;
  readonly #served: ServedPage;
  readonly #deaths: EventEmitter;
  #worlds = 0;

  private constructor(chromium: Chromium, served: ServedPage, deaths: EventEmitter) {
    this.#chromium = chromium;
    this.#served = served;
    this.#deaths = deaths;
  }

  static async start(): Promise<IdbGround> {
    const deaths = new EventEmitter();
    const entry = fileURLToPath(new URL('./idb-page.ts', import.meta.url));
    const served = await servePage(entry, async (path, { body }) => {
      if (path !== deathPath) throw new Error(`nothing answers at ${path}`);
      deaths.emit('death', body);
      // The one who asks is dead before there is an answer.
      return new Promise(() => {});
    });
    return new IdbGround(await launchChromium(), served, deaths);
  }

  async close(): Promise<void> {
    await this.#chromium.close();
    this.#served.close();
  }

  /** A page of its own. */
  async page(tries = 3): Promise<Page> {
    try {
      return await this.#newPage();
    } catch (error) {
      // The process that Chromium had ready for it was killed with the last page.
      if (tries === 1) throw error;
      return await this.page(tries - 1);
    }
  }

  async #newPage(): Promise<Page> {
    const page = await this.#chromium.context.newPage();
    await page.goto(this.#served.url);
    await page.waitForFunction(() => 'crashPage' in window);
    return page;
  }

  /** The points of a workload in which nothing dies. */
  async discover(workload: string): Promise<Place[]> {
    const page = await this.page();
    const prefix = this.#prefix();
    const points = await page.evaluate(([where, name]) => window.crashPage.live(where, name), [
      prefix,
      workload,
    ] as const);
    await page.close();
    return points;
  }

  /** @throws Error when the point does not come again, however often it is tried. */
  async visit(visit: RealVisit, tries = 5): Promise<RealOutcome> {
    try {
      return await this.#visit(visit);
    } catch (error) {
      // What was under way beside it when it died had come further, or less far.
      if (tries === 1 || !(error instanceof NotReached)) throw error;
      return await this.visit(visit, tries - 1);
    }
  }

  async #visit({ workload, point, second, killer }: RealVisit): Promise<RealOutcome> {
    const prefix = this.#prefix();
    let keepsake = await this.#dies(killer, (page) =>
      page.evaluate(([where, name, at]) => window.crashPage.live(where, name, at), [prefix, workload, point] as const),
    );
    if (second) {
      keepsake = await this.#dies(killer, (page) =>
        page.evaluate(([where, kept, at]) => window.crashPage.goOn(where, kept, at), [
          prefix,
          keepsake,
          second,
        ] as const),
      );
    }
    const page = await this.page();
    const outcome = await page.evaluate(([where, kept]) => window.crashPage.goOn(where, kept), [
      prefix,
      keepsake,
    ] as const);
    await page.close();
    return outcome;
  }

  #prefix(): string {
    this.#worlds += 1;
    return `real ${this.#worlds}: `;
  }

  /** @returns what outlives it. */
  async #dies(killer: Killer, live: (page: Page) => Promise<unknown>): Promise<string> {
    const page = await this.page();
    const death = once(this.#deaths, 'death') as Promise<[string]>;
    const lived = live(page).then(
      async () => {
        await page.close();
        throw new NotReached();
      },
      // That is how it dies.
      () => new Promise<never>(() => {}),
    );
    const [keepsake] = await Promise.race([death, lived]);
    if (killer === 'browser') {
      await this.#chromium.kill();
      await this.#chromium.relaunch();
    } else {
      const crashed = page.waitForEvent('crash');
      await this.#chromium.killPages();
      await crashed;
      await page.close();
    }
    return keepsake;
  }
}
