import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, devices } from 'playwright-core';
import { findProgram, isMissing } from './programs.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

// A flag given twice counts as it stands last: those that Playwright switches off, and two pages of Chromium's own address
// bar, which took a third of a browser's CPU time.
const WITHOUT = [
  ...['AvoidUnnecessaryBeforeUnloadCheckSync', 'DestroyProfileOnBrowserClose', 'HttpsUpgrades'],
  ...[
    'HttpsFirstBalancedModeAutoEnable',
    'LensOverlay',
    'MediaRouter',
    'PaintHolding',
    'ThirdPartyStoragePartitioning',
  ],
  ...['AvoidCorsURLLoaderRestartOnRedirect', 'OptimizationHints', 'NetworkTimeServiceQuerying', 'AimEnabled'],
  ...['PreconnectToSearch', 'WebUIOmniboxPopup', 'WebUIOmniboxAimPopup'],
];

const FLAGS = [
  `--disable-features=${WITHOUT.join(',')}`,
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Containers often have a tiny /dev/shm.
  '--disable-dev-shm-usage',
];

export interface WindowOptions {
  /** An Android phone's screen, touch and user agent. */
  mobile?: boolean;
  context?: BrowserContextOptions;
}

export interface ChromiumOptions extends WindowOptions {
  /** Profile directory to use and to keep. Default: a fresh one, removed by `close()`. */
  profile?: string;
}

/** A real Chromium with a profile on disk, which can be killed and started again. */
export interface Chromium {
  readonly profile: string;
  /** Of the running browser: another one after `relaunch()`. */
  readonly context: BrowserContext;
  /** SIGKILL to the browser and its processes, as when the phone's battery dies. The profile stays. */
  kill(): Promise<void>;
  /** SIGKILL to the processes of all pages, as when the system needs their memory. The browser goes on. */
  killPages(): Promise<void>;
  /** Starts it again on the same profile, after `kill()` or `context.close()`. */
  relaunch(): Promise<BrowserContext>;
  close(): Promise<void>;
}

/** For `describe.skipIf(chromiumIsMissing())`. */
export function chromiumIsMissing(): boolean {
  return isMissing('Chromium', [NAMES], 'chromium');
}

let shared: Promise<Browser> | undefined;

/**
 * A private window of the one Chromium that all test files of a process share, for tests that need neither its death nor
 * its files: starting one takes 4 s of CPU time. The window begins with nothing, has its data in memory, and shares
 * nothing with others. Chromium ends with the process.
 */
export async function openPrivateWindow(options: WindowOptions = {}): Promise<BrowserContext> {
  const running = await (shared ??= chromium.launch(started()));
  if (!running.isConnected()) {
    shared = undefined;
    throw new Error('The Chromium that the test files share has ended');
  }
  return await running.newContext(dressed(options));
}

export async function launchChromium(options: ChromiumOptions = {}): Promise<Chromium> {
  const profile = options.profile ?? (await mkdtemp(join(tmpdir(), 'ekbaar-chromium-')));
  const removeProfile = () => {
    if (!options.profile) rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  // An interrupted test run does not come to close().
  process.once('exit', removeProfile);
  let context = await launch(profile, options);
  return {
    profile,
    get context() {
      return context;
    },
    kill: () => kill(context),
    killPages: async () => {
      const processes = await processesOf(context);
      for (const { id, type } of processes) if (type === 'renderer') signal(id, 'SIGKILL');
    },
    relaunch: async () => (context = await launch(profile, options)),
    close: async () => {
      await context.close();
      process.off('exit', removeProfile);
      removeProfile();
    },
  };
}

async function launch(profile: string, options: ChromiumOptions): Promise<BrowserContext> {
  return await chromium.launchPersistentContext(profile, { ...started(), ...dressed(options) });
}

/** How every Chromium is started. */
function started() {
  const executablePath = findProgram(...NAMES);
  if (!executablePath) throw new Error('Chromium is missing: apt-get install chromium');
  return { executablePath, headless: true, args: FLAGS };
}

function dressed({ mobile, context }: WindowOptions): BrowserContextOptions {
  return { ...(mobile ? phone() : {}), ...context };
}

function phone(): BrowserContextOptions {
  const { defaultBrowserType: _, ...phone } = devices['Galaxy S8'] ?? {};
  return phone;
}

async function kill(context: BrowserContext): Promise<void> {
  const processInfo = await processesOf(context);
  const closed = new Promise((resolve) => context.once('close', resolve));
  // The browser first, so that it cannot react to the death of the others.
  const pids = processInfo.toSorted((a) => (a.type === 'browser' ? -1 : 1)).map(({ id }) => id);
  for (const pid of pids) signal(pid, 'SIGKILL');
  await closed;
  // A storage process that lives on would still hold the profile. A zombie nobody collects counts as alive: not for ever.
  for (let tries = 0; tries < 20 && pids.some((pid) => signal(pid, 0)); tries++) await sleep(50);
}

async function processesOf(context: BrowserContext): Promise<{ readonly id: number; readonly type: string }[]> {
  const session = await context.browser()?.newBrowserCDPSession();
  if (!session) throw new Error('the browser is not running');
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo;
}

/** False when there is no such process. */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
