import type { BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumIsMissing, openPrivateWindow } from '../support/chromium.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';

describe.skipIf(chromiumIsMissing())('GET /docs', () => {
  let ekbaar: FieldOps;
  let browser: BrowserContext;
  beforeAll(async () => {
    ekbaar = await startFieldOps();
    browser = await openPrivateWindow();
  });
  afterAll(async () => {
    await browser.close();
    await ekbaar.close();
  });

  test.each([390, 1280])(
    'shows every operation on a screen %i wide, with nothing from elsewhere and no script',
    async (width) => {
      const page = await browser.newPage();
      await page.setViewportSize({ width, height: 844 });
      const [asked, complaints]: [string[], string[]] = [[], []];
      page.on('request', (request) => void asked.push(request.url()));
      page.on('console', (message) => void complaints.push(message.text()));
      const answer = await page.goto(`${ekbaar.url}/docs`);
      expect(answer?.headers()['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; /);
      const { paths } = (await ekbaar.get('/openapi.json', null)).body as { paths: Record<string, object> };
      const operations = Object.values(paths).flatMap((methods) => Object.keys(methods));
      expect(await page.locator('section details:has(.method)').count()).toBe(operations.length);
      // The page's own style is let through by its policy, and nothing is wider than the screen.
      expect(
        await page
          .locator('details')
          .first()
          .evaluate((card) => getComputedStyle(card).borderRadius),
      ).not.toBe('0px');
      await page.goto(`${ekbaar.url}/docs#mutate.confirmDelivery`);
      const opened = page.locator('details:has([id="mutate.confirmDelivery"])');
      await opened.getByText('amountPaise').waitFor({ state: 'visible' });
      expect(await opened.innerText()).toContain('amount_mismatch');
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      expect(asked.filter((url) => !url.startsWith(`${ekbaar.url}/docs`))).toEqual([]);
      expect(complaints).toEqual([]);
      await page.close();
    },
  );
});
