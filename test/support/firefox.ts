import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type DrivenBrowser, fromPage, inPage, type Tab } from './driven-browser.ts';
import { type GuardedProgram, startGuarded } from './guarded-program.ts';
import { findProgram, isMissing } from './programs.ts';

const names = ['firefox-esr', 'firefox'];

export const firefoxIsMissing = () => isMissing('Firefox', [names], 'firefox-esr');

/** It asks nobody outside for anything. */
const preferences = {
  'app.normandy.enabled': false,
  'app.update.enabled': false,
  'browser.safebrowsing.blockedURIs.enabled': false,
  'browser.safebrowsing.downloads.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.page': 0,
  'datareporting.healthreport.uploadEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,none',
  'toolkit.telemetry.enabled': false,
};

/** A headless Firefox with a fresh profile on disk, driven by WebDriver BiDi (w3c.github.io/webdriver-bidi). */
export async function startFirefox(): Promise<DrivenBrowser> {
  const profile = await mkdtemp(join(tmpdir(), 'ekbaar-firefox-'));
  const lines = Object.entries(preferences).map(
    (preference) => `user_pref(${JSON.stringify(preference).slice(1, -1)});\n`,
  );
  await writeFile(join(profile, 'user.js'), lines.join(''));
  const clean = () => rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  // An interrupted test run does not come to close().
  process.once('exit', clean);
  let firefox = launch(profile);
  let session = await BidiSession.open(await addressOf(firefox));
  const end = async () => {
    session.close();
    await firefox.kill();
  };
  return {
    openTab: async (url) => {
      const { context } = await session.send<{ context: string }>('browsingContext.create', { type: 'tab' });
      await session.send('browsingContext.navigate', { context, url, wait: 'complete' });
      return tabOf(session, context);
    },
    endTabs: async () => {
      await end();
      firefox = launch(profile);
      session = await BidiSession.open(await addressOf(firefox));
    },
    close: async () => {
      await end();
      process.off('exit', clean);
      clean();
    },
  };
}

const launch = (profile: string) =>
  startGuarded(findProgram(...names) ?? '', [
    '--headless',
    '--no-remote',
    '--remote-debugging-port=0',
    '--profile',
    profile,
  ]);

async function addressOf({ stderr, ended }: GuardedProgram): Promise<string> {
  const said = createInterface(stderr);
  const told = new Promise<string>((resolve) => {
    said.on('line', (line) => {
      const address = /^WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
  });
  return await Promise.race([told, ended]);
}

function tabOf(session: BidiSession, context: string): Tab {
  return {
    evaluate: async (body, ...args) => {
      const { result } = await session.send<{ result: { value: string } }>('script.evaluate', {
        expression: inPage(body, args),
        target: { context },
        awaitPromise: true,
      });
      return fromPage(result.value);
    },
    close: async () => void (await session.send('browsingContext.close', { context })),
  };
}

type Answer =
  | { readonly type: 'success'; readonly id: number; readonly result: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: string; readonly message: string }
  | { readonly type: 'event' };

class BidiSession {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Exclude<Answer, { type: 'event' }>) => void>();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const answer = JSON.parse(String(data)) as Answer;
      if (answer.type === 'event') return;
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
    socket.addEventListener('close', () => {
      for (const [id, hear] of this.#waiting) hear({ type: 'error', id, error: 'closed', message: 'Firefox is gone' });
      this.#waiting.clear();
    });
  }

  static async open(address: string): Promise<BidiSession> {
    const socket = new WebSocket(`${address}/session`);
    await once(socket, 'open');
    const session = new BidiSession(socket);
    await session.send('session.new', { capabilities: {} });
    return session;
  }

  async send<T>(method: string, params: object): Promise<T> {
    const id = ++this.#last;
    const answered = new Promise<Exclude<Answer, { type: 'event' }>>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params }));
    const answer = await answered;
    if (answer.type === 'error') throw new Error(`${method}: ${answer.error}: ${answer.message}`);
    return answer.result as T;
  }

  close(): void {
    this.#socket.close();
  }
}
