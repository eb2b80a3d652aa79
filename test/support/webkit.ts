import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DrivenBrowser, fromPage, inPage, type Tab } from './driven-browser.ts';
import { freePort } from './free-port.ts';
import { startGuarded } from './guarded-program.ts';
import { isMissing } from './programs.ts';

export const webKitIsMissing = () => isMissing('WebKit', [['WebKitWebDriver'], ['Xvfb']], 'webkit2gtk-driver xvfb');

/** WebKitGTK's small browser on a screen that nobody sees, driven by WebDriver (www.w3.org/TR/webdriver2). */
export async function startWebKit(): Promise<DrivenBrowser> {
  const screen = startGuarded('Xvfb', ['-displayfd', '1', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp']);
  const told = once(createInterface(screen.stdout), 'line');
  const [display] = (await Promise.race([told, screen.ended])) as [string];
  const port = await freePort();
  const driver = startGuarded('WebKitWebDriver', [`--port=${port}`], {
    DISPLAY: `:${display}`,
    // There is no graphics card.
    LIBGL_ALWAYS_SOFTWARE: '1',
    WEBKIT_DISABLE_DMABUF_RENDERER: '1',
  });
  const close = async () => void (await Promise.all([driver.kill(), screen.kill()]));
  const session = await WebDriverSession.open(`http://127.0.0.1:${port}`, driver.ended).catch(
    async (error: unknown) => {
      await close();
      throw error;
    },
  );
  const home = await session.send<string>('GET', '/window');
  return {
    openTab: async (url) => {
      const opener = new WebKitTab(session, home);
      const { handle } = await opener.send<{ handle: string }>('POST', '/window/new', { type: 'tab' });
      const tab = new WebKitTab(session, handle);
      await tab.send('POST', '/url', { url });
      return tab;
    },
    endTabs: async () => {
      const handles = await session.send<string[]>('GET', '/window/handles');
      for (const handle of handles) if (handle !== home) await new WebKitTab(session, handle).close();
    },
    close,
  };
}

/** The driver speaks with the tab that is the current one: each request makes its own tab that first. */
class WebKitTab implements Tab {
  readonly #session: WebDriverSession;
  readonly #handle: string;

  constructor(session: WebDriverSession, handle: string) {
    this.#session = session;
    this.#handle = handle;
  }

  async evaluate<Args extends unknown[], T>(body: (...args: Args) => T | Promise<T>, ...args: Args): Promise<T> {
    const script = `${inPage(body, args)}.then(arguments[0])`;
    return fromPage(await this.send<string>('POST', '/execute/async', { script, args: [] }));
  }

  close(): Promise<void> {
    return this.send('DELETE', '/window');
  }

  send<T>(method: string, path: string, body?: object): Promise<T> {
    return this.#session.alone(async () => {
      await this.#session.send('POST', '/window', { handle: this.#handle });
      return await this.#session.send<T>(method, path, body);
    });
  }
}

class WebDriverSession {
  readonly #url: string;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(url: string) {
    this.#url = url;
  }

  /** @param ended rejects when the driver has ended */
  static async open(driver: string, ended: Promise<never>): Promise<WebDriverSession> {
    const status = () => fetch(`${driver}/status`).catch(() => undefined);
    while (!(await Promise.race([status(), ended]))?.ok) await sleep(50);
    const { sessionId } = await ask<{ sessionId: string }>('POST', `${driver}/session`, { capabilities: {} });
    const session = new WebDriverSession(`${driver}/session/${sessionId}`);
    await session.send('POST', '/timeouts', { script: 60_000 });
    return session;
  }

  send<T>(method: string, path: string, body?: object): Promise<T> {
    return ask<T>(method, this.#url + path, body);
  }

  alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}

async function ask<T>(method: string, url: string, body?: object): Promise<T> {
  const answer = await fetch(url, { method, ...(body && { body: JSON.stringify(body) }) });
  const { value } = (await answer.json()) as { value: T & { error: string; message: string } };
  if (!answer.ok) throw new Error(`${method} ${url}: ${value.error}: ${value.message}`);
  return value;
}
