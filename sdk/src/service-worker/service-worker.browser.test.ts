import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Chromium, chromiumIsMissing, launchChromium } from '../../../test/support/chromium.ts';
import { FakeServer } from '../testing/fake-server.ts';
import { type ServedPage, servePage } from '../testing/serve-page.ts';
import type { WorkerPage } from '../testing/worker-page.ts';
import { seed } from '../testing/world.ts';
import { syncTag } from './tag.ts';

type Page = Awaited<ReturnType<Chromium['context']['newPage']>>;

declare global {
  interface Window {
    /** Put there by worker-page.ts. */
    readonly workerPage: WorkerPage;
  }
}

describe.skipIf(chromiumIsMissing())('a service worker in a real Chromium', () => {
  const server = new FakeServer(['agent:a1']);
  /** How each wake of the worker has ended. */
  const reports: string[] = [];
  let isDown = false;
  let served: ServedPage;
  let chromium: Chromium;

  beforeAll(async () => {
    seed(server);
    const page = fileURLToPath(new URL('../testing/worker-page.ts', import.meta.url));
    const worker = fileURLToPath(new URL('../testing/worker.ts', import.meta.url));
    const api: FakeServer['fetch'] = async (url, init) => {
      if (url.startsWith('/v1/report/')) {
        reports.push(decodeURIComponent(url.slice('/v1/report/'.length)));
        return new Response(null, { status: 204 });
      }
      if (isDown) throw new Error('the line is down');
      return server.fetch(url, init);
    };
    served = await servePage(page, api, { worker });
    chromium = await launchChromium();
  });

  afterAll(async () => {
    await chromium?.close();
    served?.close();
  });

  async function openPage(): Promise<Page> {
    const page = await chromium.context.newPage();
    await page.goto(served.url);
    await page.waitForFunction(() => 'workerPage' in window);
    return page;
  }

  /** As the browser does when it finds a line. */
  async function wake(type: 'sync' | 'periodicsync' = 'sync'): Promise<void> {
    const page = await chromium.context.newPage();
    const session = await chromium.context.newCDPSession(page);
    const registered = new Promise<string>((resolve) =>
      session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations: [first] }) => {
        if (first) resolve(first.registrationId);
      }),
    );
    // A page of this origin, but none that opens a client.
    await page.goto(`${served.url}worker.js`);
    await session.send('ServiceWorker.enable');
    const registrationId = await registered;
    const origin = new URL(served.url).origin;
    if (type === 'sync')
      await session.send('ServiceWorker.dispatchSyncEvent', {
        origin,
        registrationId,
        tag: syncTag,
        lastChance: false,
      });
    else await session.send('ServiceWorker.dispatchPeriodicSyncEvent', { origin, registrationId, tag: syncTag });
    await page.close();
  }

  const reported = (report: string) => expect.poll(() => reports, { timeout: 20_000 }).toContain(report);

  test('woken without a page, it sends what a page has left behind; until it can, the browser is to wake it again', async () => {
    const page = await openPage();
    await expect.poll(() => page.evaluate(() => window.workerPage.lastSyncedAt())).not.toBeNull();
    isDown = true;
    const key = await page.evaluate(() => window.workerPage.note('left behind'));
    await expect.poll(() => page.evaluate(() => window.workerPage.tags())).toEqual([syncTag]);
    await page.close();
    reports.length = 0;
    await wake();
    await reported('sync unreachable');
    expect(server.applied.get(key)).toBeUndefined();

    isDown = false;
    const before = server.requests.length;
    await wake();
    await reported('sync done');
    expect(server.applied.get(key)).toBe(1);
    expect(server.requests.slice(before).map(({ mutations }) => mutations.length)).toEqual([1]);
    // Nothing is pending any more: a wake costs nobody a request.
    reports.length = 0;
    await wake();
    await reported('sync done');
    expect(server.requests).toHaveLength(before + 1);
    // It keeps no stream open.
    expect(server.streams.size).toBe(0);
  });

  test('now and then it fetches what is new, which a page then shows without a line', async () => {
    server.write('notes', 'n1', { id: 'n1', text: 'fetched by night' });
    reports.length = 0;
    await wake('periodicsync');
    await reported('periodicsync done');
    isDown = true;
    const page = await openPage();
    expect(await page.evaluate(() => window.workerPage.notes())).toContain('fetched by night');
    isDown = false;
    await page.close();
  });

  test('page and worker send at the same time, and everything happens once', async () => {
    const page = await openPage();
    isDown = true;
    const keys = await page.evaluate(() =>
      Promise.all(Array.from({ length: 40 }, (_, at) => window.workerPage.note(`${at}`))),
    );
    reports.length = 0;
    isDown = false;
    const woken = wake();
    for (let at = 0; at < 10; at += 1)
      keys.push(await page.evaluate((text) => window.workerPage.note(text), `late ${at}`));
    await woken;
    await reported('sync done');
    await expect.poll(() => page.evaluate(() => window.workerPage.pending()), { timeout: 20_000 }).toBe(0);
    expect(keys.map((key) => server.applied.get(key))).toEqual(keys.map(() => 1));
    await page.close();
  });
});
