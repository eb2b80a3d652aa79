import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';

declare const axe: { run(options: RunOptions): Promise<AxeResults> };

/** A screen's path below `/console`, and what is there when it is. */
export type Screen = readonly [path: string, seen: string];

/** What axe finds on these screens, and what is wider than they are: in light on an office screen, in the dark on a phone. */
export async function screenFaults(
  page: Page,
  open: (path: string, seen: string) => Promise<void>,
  screens: readonly Screen[],
): Promise<string[]> {
  const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const before = page.viewportSize();
  const found: string[] = [];
  for (const [theme, width] of [
    ['light', 1440],
    ['dark', 360],
  ] as const) {
    await page.setViewportSize({ width, height: 800 });
    await page.evaluate((chosen) => localStorage.setItem('ekbaar.console.theme', chosen), theme);
    for (const [at, [path, seen]] of screens.entries()) {
      // The app and axe are loaded for the first screen; from there on one goes as links do, which costs half as much.
      if (at === 0) {
        await open(path, seen);
        await page.evaluate(source);
      } else await follow(page, path, seen);
      found.push(...(await faultsOf(page)).map((fault) => `${theme} ${width} ${path}: ${fault}`));
    }
  }
  if (before) await page.setViewportSize(before);
  return found;
}

/** As a link of the console does. */
async function follow(page: Page, path: string, seen: string): Promise<void> {
  await page.evaluate((to) => {
    history.pushState(null, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
  }, `/console${path}`);
  await page.locator(seen).first().waitFor();
}

async function faultsOf(page: Page): Promise<string[]> {
  const live = page.locator('[data-testid=live] span').first();
  // The longest that stands there, which otherwise depends on the moment.
  if (await live.count()) await live.evaluate((words) => (words.textContent = 'Updating every few seconds'));
  return page.evaluate(async () => {
    // Of what is right, axe need not say where.
    const { violations } = await axe.run({ resultTypes: ['violations'] });
    const right = document.documentElement.clientWidth + 1;
    const wide = [document.documentElement, document.querySelector('#screen')].some(
      (part) => part !== null && part.scrollWidth > part.clientWidth,
    );
    const beyond = [...document.querySelectorAll('.top *, #screen *')].filter(
      (part) => part.getBoundingClientRect().right > right,
    );
    return [
      ...violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 160)}`),
      ...(wide ? [`too wide: ${beyond[0]?.outerHTML.slice(0, 160)}`] : []),
    ];
  });
}
