import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import react from '@vitejs/plugin-react';
import vue from '@vitejs/plugin-vue';
import type { BrowserContext, Page } from 'playwright-core';
import type { PluginOption } from 'vite';
import solid from 'vite-plugin-solid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeServer } from '../../sdk/src/testing/fake-server.ts';
import { servePage } from '../../sdk/src/testing/serve-page.ts';
import { seed } from '../../sdk/src/testing/world.ts';
import { chromiumIsMissing, openPrivateWindow } from '../support/chromium.ts';

const frameworks: { name: string; main: string; plugins: PluginOption[] }[] = [
  { name: 'React', main: 'react/main.tsx', plugins: [react()] },
  { name: 'Vue', main: 'vue/main.ts', plugins: [vue()] },
  { name: 'Solid', main: 'solid/main.tsx', plugins: [solid()] },
  { name: 'Svelte', main: 'svelte/main.ts', plugins: [svelte({ configFile: false })] },
];

describe.skipIf(chromiumIsMissing())('a page in a real Chromium', () => {
  let browser: BrowserContext;

  beforeAll(async () => {
    browser = await openPrivateWindow();
  });

  afterAll(async () => {
    await browser?.close();
  });

  test.each(frameworks)('$name shows rows, status and rejections as they change', async ({ main, plugins }) => {
    const server = new FakeServer(['agent:a1']);
    seed(server);
    const served = await servePage(join(import.meta.dirname, main), server.fetch, { plugins });
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      const { url } = message.location();
      if (['error', 'warning'].includes(message.type()) && !url.includes('/v1/')) complaints.push(message.text());
    });
    try {
      await page.goto(served.url);
      await expect.poll(() => rows(page)).toEqual(['d1 pending', 'd2 pending']);
      await expect.poll(() => line(page)).toBe('online, 0 to send');

      // Without a line: shown at once, waiting to be sent, and out of what is still to do.
      await browser.setOffline(true);
      await page.getByRole('button', { name: 'Confirm d1' }).click();
      await expect.poll(() => rows(page)).toEqual(['d1 confirmed', 'd2 pending']);
      await expect.poll(() => line(page)).toBe('offline, 1 to send');
      await page.getByLabel('To do').check();
      await expect.poll(() => rows(page)).toEqual(['d2 pending']);
      expect([...server.applied.values()]).toEqual([]);
      await browser.setOffline(false);
      await expect.poll(() => line(page)).toBe('online, 0 to send');
      expect([...server.applied.values()]).toEqual([1]);

      // Somebody else's work comes in by itself.
      await expect.poll(() => server.streams.size).toBe(1);
      server.write('deliveries', 'd3', { id: 'd3', status: 'pending', amountPaise: 300 });
      server.poke({ 'agent:a1': server.scopes.get('agent:a1')?.version ?? 0 });
      await expect.poll(() => rows(page)).toEqual(['d2 pending', 'd3 pending']);

      // The server refuses what somebody else has done first; the person has seen it.
      server.write('deliveries', 'd2', { id: 'd2', status: 'confirmed', amountPaise: 200 });
      await page.getByRole('button', { name: 'Confirm d2' }).click();
      await expect.poll(() => refusals(page)).toEqual(['d2: already_confirmed']);
      await page.getByRole('button', { name: 'Done' }).click();
      await expect.poll(() => refusals(page)).toEqual([]);
      await page.getByLabel('To do').uncheck();
      await expect.poll(() => rows(page)).toEqual(['d1 confirmed', 'd2 confirmed', 'd3 pending']);
      expect(complaints).toEqual([]);
    } finally {
      await page.close();
      served.close();
    }
  });
});

/** The text of each element, without that of its buttons. */
const texts = (page: Page, selector: string) =>
  page.evaluate((wanted) => {
    const own = (element: Element) => [...element.childNodes].filter(({ nodeName }) => nodeName === '#text');
    const text = (element: Element) => own(element).map(({ textContent }) => textContent);
    return [...document.querySelectorAll(wanted)].map((element) =>
      text(element).join('').replaceAll(/\s+/g, ' ').trim(),
    );
  }, selector);

const rows = (page: Page) => texts(page, 'li');
const refusals = (page: Page) => texts(page, '[role=alert]');
const line = async (page: Page) => (await texts(page, '[role=status]'))[0];
