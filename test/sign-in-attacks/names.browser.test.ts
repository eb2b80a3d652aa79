import { sql } from 'drizzle-orm';
import type { BrowserContext, Page } from 'playwright-core';
import { openDatabase } from '@ekbaar/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildWebApps } from '../support/build-web-apps.ts';
import { chromiumIsMissing, openPrivateWindow } from '../support/chromium.ts';
import { type FieldOpsProcess, startFieldOpsProcess } from '../support/field-ops-process.ts';
import { freePort } from '../support/free-port.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { watchedPage } from '../sign-in/pages.ts';

/** What a customer, or whoever types their name, might call themselves. */
const names = [
  '<img src=x onerror="window.owned=1">',
  '<script>window.owned=1</script>',
  '"><svg onload=window.owned=1>',
  'javascript:window.owned=1',
  '{{constructor.constructor("window.owned=1")()}}',
];

describe.skipIf(chromiumIsMissing())('customers’ names in the pages of both apps', () => {
  let database: FreshDatabase;
  let server: FieldOpsProcess;
  let browser: BrowserContext;

  beforeAll(async () => {
    await buildWebApps();
    database = await freshDatabase();
    server = await startFieldOpsProcess(await freePort(), {
      DATABASE_URL: database.url,
      EKBAAR_SEED_AGENTS: '1',
      EKBAAR_SEED_DELIVERIES: '10',
    });
    const { db, close } = await openDatabase({ url: database.url });
    for (const [at, name] of names.entries())
      await db.execute(
        sql`update deliveries set customer_name = ${name}, village = ${name} where tenant = 'pennco' and id = ${`d000${at + 1}`}`,
      );
    await close();
    browser = await openPrivateWindow();
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
    await database.drop();
  });

  const owned = (page: Page) => page.evaluate(() => 'owned' in globalThis);
  const insert = (page: Page) =>
    page.evaluate(async (markup) => {
      const place = document.createElement('div');
      place.innerHTML = markup;
      document.body.append(place);
      const script = document.createElement('script');
      script.textContent = 'window.owned = 1';
      document.body.append(script);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }, names[0] ?? '');

  test.each([
    ['agent', '[data-testid=agent-option][data-sub=a01]', '[data-testid=delivery-row]'],
    ['console', '[data-testid=ops-option][data-sub=ops][data-tenant=pennco]', 'text=onerror'],
  ])('the %s shows them as they are, and runs nothing of them', async (app, option, shown) => {
    const { page } = await watchedPage(browser);
    await page.goto(`${server.url}/${app}/`);
    await page.locator(option).click();
    await page.locator(shown).first().waitFor();
    for (const name of names.slice(0, 2)) await page.getByText(name, { exact: false }).first().waitFor();
    expect(await owned(page)).toBe(false);
    // And if a mistake of ours made one HTML: it still runs nothing.
    await insert(page);
    expect(await owned(page)).toBe(false);
    await page.close();
  });

  test('the check can fail: without the policy the same runs', async () => {
    const lax = await openPrivateWindow({ context: { bypassCSP: true } });
    const { page } = await watchedPage(lax);
    await page.goto(`${server.url}/console/`);
    await insert(page);
    expect(await owned(page)).toBe(true);
    await lax.close();
  });

  test('pages carry the headers, and none of them an inline script or style', async () => {
    for (const app of ['agent', 'console']) {
      const answer = await fetch(`${server.url}/${app}/`);
      const policy = answer.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("script-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(await answer.text()).not.toMatch(/<script(?![^>]*src=)|<style|\son\w+=/);
    }
  });
});
