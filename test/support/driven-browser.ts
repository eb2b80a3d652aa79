/**
 * A browser that Playwright cannot drive as Debian has it, and that is spoken to in the W3C's words: Firefox in WebDriver
 * BiDi, and WebKitGTK, which has Safari's engine, in WebDriver.
 */
export interface DrivenBrowser {
  openTab(url: string): Promise<Tab>;
  /**
   * All tabs end: Firefox is killed and starts again on its profile. A driven WebKit keeps nothing over its own end, and its
   * driver gives up when a page dies: its tabs are closed.
   */
  endTabs(): Promise<void>;
  close(): Promise<void>;
}

export interface Tab {
  /** Runs `body` in the page, where it knows nothing of the test but `args`. Those and what it gives pass as JSON. */
  evaluate<Args extends unknown[], T>(body: (...args: Args) => T | Promise<T>, ...args: Args): Promise<T>;
  close(): Promise<void>;
}

/** The script of a promise of JSON, for {@link fromPage}. */
export const inPage = (body: unknown, args: unknown[]) =>
  `Promise.resolve(${JSON.stringify(args)}).then((args) => (${String(body)})(...args))` +
  `.then((value) => JSON.stringify({ value }), (error) => JSON.stringify({ error: String(error) }))`;

export function fromPage<T>(json: string): T {
  const { value, error } = JSON.parse(json) as { value: T; error?: string };
  if (error !== undefined) throw new Error(error);
  return value;
}
