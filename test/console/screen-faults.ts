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
    for (const [path, seen] of screens) {
      await open(path, seen);
      found.push(...(await faultsOf(page, source)).map((fault) => `${theme} ${width} ${path}: ${fault}`));
    }
  }
  if (before) await page.setViewportSize(before);
  return found;
}

async function faultsOf(page: Page, source: string): Promise<string[]> {
  const live = page.locator('[data-testid=live] span').first();
  // The longest that stands there, which otherwise depends on the moment.
  if (await live.count()) await live.evaluate((words) => (words.textContent = 'Updating every few seconds'));
  await page.evaluate(source);
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
