import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import { build, preview, type PreviewServer } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Chromium, chromiumIsMissing, launchChromium } from '../../test/support/chromium.ts';
import { startServer, visits } from './server.ts';

type Page = Awaited<ReturnType<Chromium['context']['newPage']>>;

describe.skipIf(chromiumIsMissing())('the first app in a real Chromium', () => {
  let api: Awaited<ReturnType<typeof startServer>>;
  let outDir: string;
  let site: PreviewServer;
  let chromium: Chromium;

  beforeAll(async () => {
    api = await startServer(0);
    outDir = await mkdtemp(join(tmpdir(), 'ekbaar-first-app-'));
    const root = import.meta.dirname;
    await build({ root, logLevel: 'error', build: { outDir, emptyOutDir: true } });
    const proxy = { '/v1': api.url, '/token': api.url };
    site = await preview({
      root,
      logLevel: 'error',
      build: { outDir },
      preview: { port: 0, host: '127.0.0.1', proxy },
    });
    chromium = await launchChromium();
  }, 300_000);

  afterAll(async () => {
    await chromium?.close();
    await site?.close();
    await api?.server.close();
    if (outDir) await rm(outDir, { recursive: true, force: true });
  });

  const texts = (page: Page, selector: string) => page.locator(selector).allInnerTexts();

  test('shows the first rows, works without a line, and shows what was refused', async () => {
    const page = await chromium.context.newPage();
    await page.goto(site.resolvedUrls?.local[0] ?? '');
    await expect.poll(() => texts(page, 'li')).toHaveLength(3);
    await expect.poll(() => texts(page, '[role=status]')).toEqual([expect.stringContaining('online, 0 to send')]);

    await chromium.context.setOffline(true);
    await page.getByRole('button', { name: 'Finish Rampur' }).click();
    await expect.poll(() => texts(page, 'li')).toContain('Rampur: done');
    await expect.poll(() => texts(page, '[role=status]')).toEqual([expect.stringContaining('offline, 1 to send')]);
    await chromium.context.setOffline(false);
    await expect.poll(() => texts(page, '[role=status]')).toEqual([expect.stringContaining('online, 0 to send')]);
    const { db } = api.database;
    const done = await db.select({ id: visits.id }).from(visits).where(eq(visits.status, 'done'));
    expect(done).toEqual([{ id: 'v1' }]);

    // Another program writes into the table; then the person does what it has done already.
    await chromium.context.setOffline(true);
    await page.getByRole('button', { name: 'Finish Sitapur' }).click();
    await db.update(visits).set({ status: 'done' }).where(eq(visits.id, 'v2'));
    await chromium.context.setOffline(false);
    await expect.poll(() => texts(page, '[role=alert]')).toEqual([expect.stringContaining('finished before')]);
    await page.getByRole('button', { name: 'I have seen this' }).click();
    await expect.poll(() => texts(page, '[role=alert]')).toEqual([]);
    // What the other program wrote comes with a later pull.
    await expect
      .poll(async () => (await texts(page, 'li')).toSorted())
      .toEqual(['Lakhanpur: plannedFinish Lakhanpur', 'Rampur: done', 'Sitapur: done']);
    await page.close();
  });
});
