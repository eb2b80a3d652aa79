import type { BrowserContext, Page } from 'playwright-core';

/** Far more than any step takes, so that a failure names its step. */
const stepMs = 30_000;

/** A page that notes what its content security policy refused, and every error of its scripts. */
export async function watchedPage(context: BrowserContext): Promise<{ page: Page; refused: string[] }> {
  context.setDefaultTimeout(stepMs);
  const page = await context.newPage();
  const refused: string[] = [];
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) refused.push(message.text());
  });
  page.on('pageerror', (error) => refused.push(error.message));
  return { page, refused };
}

/** Where somebody wants to look at the screens: a folder. */
const screens = process.env['SCREENS'];

export async function look(page: Page, name: string): Promise<void> {
  if (screens !== undefined) await page.screenshot({ path: `${screens}/${name}.png`, fullPage: false });
}

/**
 * Until the whole app is on the phone with its rows, which are shown before, and opens from there. Without a network
 * before that, what was not shown yet does not come: the page asks the network for it, until the service worker has taken
 * the page over.
 */
export async function onThePhone(page: Page): Promise<void> {
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.locator('[data-testid=unsent-bar]').waitFor();
  await page.locator('[data-testid=not-kept]').waitFor({ state: 'detached' });
}

/** Signs an agent of the demo day in, by the form. */
export async function signInAsAgent(page: Page, login: string, pin: string): Promise<void> {
  await page.locator('[data-testid=login]').fill(login);
  await page.locator('[data-testid=pin]').fill(pin);
  await page.locator('[data-testid=sign-in-submit]').click();
}

export async function unlock(page: Page, pin: string): Promise<void> {
  await page.locator('[data-testid=unlock-pin]').fill(pin);
  await page.locator('[data-testid=unlock-submit]').click();
}

/** Confirms one delivery, which is saved on this phone. */
export async function saveOne(page: Page): Promise<string> {
  const row = page.locator('[data-testid=delivery-row][data-state=todo]').first();
  const id = (await row.getAttribute('data-id')) ?? '';
  await row.click();
  await page.locator('[data-testid=confirm]').click();
  await page.locator('[data-testid=confirm-next]').click();
  await page.locator('[data-testid=confirm-submit]').click();
  await page
    .locator(`[data-testid=delivery-row][data-id="${id}"]:not([data-state=todo])`)
    .waitFor({ state: 'attached' });
  await page.locator('[data-testid=receipt-done]').click();
  return id;
}

export async function unsent(page: Page, count: number): Promise<void> {
  await page.locator(`[data-testid=unsent-bar][data-count="${count}"]`).waitFor();
}
