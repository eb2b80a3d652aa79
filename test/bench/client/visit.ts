import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CDPSession, Page } from 'playwright-core';
import type { Chromium } from '../../support/chromium.ts';
import type { BenchPage } from './bench-page.ts';

declare global {
  interface Window {
    /** Put there by bench-page.ts. */
    readonly benchPage: BenchPage;
  }
}

/** At rest is who has used less than a twentieth of a CPU so many times in a row. */
const quietWindows = 4;
/** Linux counts CPU time in these. */
const tickMs = 10;
/** Then it goes on, rest or not. */
const mostWindows = 600;

/** Longer than the slowest contestant takes for anything, throttled. */
const mostMs = 10 * 60_000;

interface VisitOptions {
  readonly url: URL;
  readonly label: string;
  /** How long it has to be quiet to be at rest. */
  readonly restMs: number;
  /** Folder for CPU profiles. */
  readonly profiles?: string | undefined;
}

/** A contestant's page in a tab of its own, under an origin of its own: `label` names both. */
export class Visit {
  readonly page: Page;
  readonly #cdp: CDPSession;
  readonly #browser: CDPSession;
  readonly #url: URL;
  readonly #errors: string[] = [];
  /** The CPU profiles of its steps, when they are asked for. */
  readonly profiles: string[] = [];
  readonly #profilesIn: string | undefined;
  readonly #label: string;
  readonly #windowMs: number;
  #rate = 1;

  private constructor(
    { page, cdp, browser }: { page: Page; cdp: CDPSession; browser: CDPSession },
    { url, label, restMs, profiles }: VisitOptions,
  ) {
    this.page = page;
    this.#cdp = cdp;
    this.#browser = browser;
    this.#url = url;
    this.#label = label;
    this.#windowMs = restMs / quietWindows;
    this.#profilesIn = profiles;
    page.setDefaultTimeout(mostMs);
    page.on('pageerror', (error) => this.#errors.push(String(error)));
  }

  static async open({ context }: Chromium, options: VisitOptions & { readonly variant?: string }): Promise<Visit> {
    const url = new URL(options.url);
    // Browsers take every name below it for the machine itself: https://www.rfc-editor.org/rfc/rfc6761#section-6.3
    url.hostname = `${options.label}.localhost`;
    url.searchParams.set('variant', options.variant ?? '');
    const browser = await context.browser()?.newBrowserCDPSession();
    if (!browser) throw new Error('the browser is not running');
    const page = await context.newPage();
    const visit = new Visit({ page, cdp: await context.newCDPSession(page), browser }, { ...options, url });
    await visit.load();
    return visit;
  }

  /** Loads the page anew; with a question, it is asked at once. */
  async load(ask?: string): Promise<void> {
    const url = new URL(this.#url);
    if (ask !== undefined) url.searchParams.set('ask', ask);
    await this.page.goto(url.href);
    // Modules have run by then, or have failed.
    if (await this.page.evaluate(() => !('benchPage' in window))) {
      throw new Error(`the page does not run: ${this.#errors.join('\n') || 'no error is told'}`);
    }
  }

  /** Slows down the page's own thread: not its workers, and not the browser's processes that write to the disk. */
  async throttle(rate: number): Promise<void> {
    this.#rate = rate;
    await this.#cdp.send('Emulation.setCPUThrottlingRate', { rate });
  }

  /** @throws Error with what the page said, or when it says nothing at all */
  async step<T>(name: string, run: (page: Page) => Promise<T>): Promise<T> {
    const over = new AbortController();
    const late = sleep(mostMs, undefined, { signal: over.signal }).then(
      () => Promise.reject(new Error(`no answer in ${mostMs / 60_000} min`)),
      () => new Promise<never>(() => {}),
    );
    try {
      return await Promise.race([run(this.page), late]);
    } catch (error) {
      throw new Error([`${name}: ${String(error)}`, ...this.#errors].join('\n'), { cause: error });
    } finally {
      over.abort();
    }
  }

  /** A step with a CPU profile, when those are asked for. */
  async measured<T>(name: string, run: (page: Page) => Promise<T>): Promise<T> {
    if (this.#profilesIn === undefined) return this.step(name, run);
    await this.#cdp.send('Profiler.enable');
    await this.#cdp.send('Profiler.setSamplingInterval', { interval: 250 });
    await this.#cdp.send('Profiler.start');
    const result = await this.step(name, run);
    const { profile } = await this.#cdp.send('Profiler.stop');
    const file = `${this.#profilesIn}/${this.#label}-${name}.cpuprofile`;
    await writeFile(file, JSON.stringify(profile));
    if (!this.profiles.includes(file)) this.profiles.push(file);
    return result;
  }

  /** Waits until nothing works any more, in the page or behind it. Gives the CPU milliseconds spent since `before`. */
  async rest(before = 0): Promise<number> {
    // Chromium slows a page down by a thread that is never quiet itself.
    const rate = this.#rate;
    await this.throttle(1);
    let spent = await this.cpuMs();
    for (let quiet = 0, windows = 0; quiet < quietWindows && windows < mostWindows; windows++) {
      await sleep(this.#windowMs);
      const now = await this.cpuMs();
      quiet = now - spent <= Math.max(tickMs, this.#windowMs / 20) ? quiet + 1 : 0;
      spent = now;
    }
    await this.throttle(rate);
    return spent - before;
  }

  /** CPU milliseconds of all of Chromium's processes: IndexedDB works in another one than the page. */
  async cpuMs(): Promise<number> {
    const { processInfo } = await this.#browser.send('SystemInfo.getProcessInfo');
    return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime * 1000, 0);
  }

  /** Bytes of live JavaScript objects, after the garbage is collected. */
  async heapBytes(): Promise<number> {
    // Twice: what finalisers let go in the first is taken by the second.
    for (let times = 0; times < 2; times++) await this.#cdp.send('HeapProfiler.collectGarbage');
    return (await this.#cdp.send('Runtime.getHeapUsage')).usedSize;
  }

  async close(): Promise<void> {
    await this.page.close();
    await this.#browser.detach();
  }
}
