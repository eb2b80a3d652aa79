import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumIsMissing, launchChromium } from './chromium.ts';

describe.skipIf(chromiumIsMissing())('launchChromium', () => {
  // IndexedDB needs an origin that stays the same from one start of the browser to the next.
  let server: Server;
  let url: string;

  beforeAll(async () => {
    const page = '<!doctype html><meta name="viewport" content="width=device-width">';
    server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(page));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    url = `http://127.0.0.1:${address.port}/`;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test('what IndexedDB has committed with strict durability survives kill()', async () => {
    const chromium = await launchChromium();
    try {
      const before = await chromium.context.newPage();
      await before.goto(url);
      await before.evaluate(write, 'kept');
      await chromium.kill();

      const after = await (await chromium.relaunch()).newPage();
      await after.goto(url);
      expect(await after.evaluate(read)).toBe('kept');
    } finally {
      await chromium.close();
    }
  });

  test('mobile gives a narrow touch screen', async () => {
    const chromium = await launchChromium({ mobile: true });
    try {
      const page = await chromium.context.newPage();
      await page.goto(url);
      expect(await page.evaluate(() => matchMedia('(max-width: 400px) and (pointer: coarse)').matches)).toBe(true);
    } finally {
      await chromium.close();
    }
  });
});

/** Runs in the page: nothing from outside. Resolves at the transaction's `complete`. */
function write(value: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('smoke', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('notes');
    opening.onerror = () => reject(opening.error ?? new Error('open failed'));
    opening.onsuccess = () => {
      const transaction = opening.result.transaction('notes', 'readwrite', { durability: 'strict' });
      transaction.objectStore('notes').put(value, 'note');
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error('aborted'));
    };
  });
}

/** Runs in the page: nothing from outside. */
function read(): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('smoke', 1);
    opening.onerror = () => reject(opening.error ?? new Error('open failed'));
    opening.onsuccess = () => {
      const getting = opening.result.transaction('notes').objectStore('notes').get('note');
      getting.onsuccess = () => resolve(getting.result);
      getting.onerror = () => reject(getting.error ?? new Error('get failed'));
    };
  });
}
