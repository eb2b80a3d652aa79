import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StatusBoard } from '../status.ts';
import { registerBackgroundSync } from './register-background-sync.ts';

/** As much of a page as the code asks for. */
class Page extends EventTarget {
  visibilityState = 'visible';
  become(state: string): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

let page: Page;
let status: StatusBoard;
beforeEach(() => {
  page = new Page();
  status = new StatusBoard(true, () => 0);
  vi.stubGlobal('document', page);
});
afterEach(() => void vi.unstubAllGlobals());

function register(registered = async () => {}) {
  const sync = { register: vi.fn<(tag: string) => Promise<void>>(registered) };
  const periodicSync = {
    register: vi.fn<() => Promise<void>>(registered),
    unregister: vi.fn<() => Promise<void>>(registered),
  };
  const registration = { sync, periodicSync } as unknown as ServiceWorkerRegistration;
  const stop = registerBackgroundSync(registration, { status });
  return { stop, periodicSync, times: () => sync.register.mock.calls.length };
}

const failed = { code: 'unreachable', message: '' };

test('a page that sends by itself wakes nobody', () => {
  const { times } = register();
  status.set({ pending: 1 });
  status.set({ syncing: true });
  status.set({ pending: 0, syncing: false });
  page.become('hidden');
  status.set({ lastError: failed });
  expect(times()).toBe(0);
});

test.for<[string, () => void]>([
  ['offline', () => status.set({ online: false })],
  ['after a try that failed', () => status.set({ lastError: failed })],
  ['when nobody looks any more', () => page.become('hidden')],
])('%s it asks for a wake once, and again for what is pending after that', ([, happens]) => {
  const { times } = register();
  status.set({ pending: 1 });
  happens();
  status.set({ pending: 2 });
  status.set({ syncing: true });
  expect(times()).toBe(1);
  status.set({ pending: 0 });
  status.set({ pending: 1 });
  expect(times()).toBe(2);
});

test('each time the page is left it asks anew: the browser may have given up meanwhile', () => {
  const { times } = register();
  status.set({ pending: 1, online: false });
  page.become('hidden');
  page.become('visible');
  page.become('hidden');
  expect(times()).toBe(3);
});

test('what was pending when the page opened counts, too', () => {
  status.set({ pending: 1, online: false });
  expect(register().times()).toBe(1);
});

test('a browser that forbids it, or has no such thing, is no trouble', async () => {
  const { stop, times } = register(() => Promise.reject(new DOMException('denied', 'NotAllowedError')));
  status.set({ pending: 1, online: false });
  expect(times()).toBe(1);
  stop();
  const stopNothing = registerBackgroundSync({} as ServiceWorkerRegistration, { status });
  status.set({ pending: 2 });
  page.become('hidden');
  stopNothing();
  await new Promise((resolve) => setTimeout(resolve, 0));
});

test('after the end it asks for nothing', () => {
  const { stop, times, periodicSync } = register();
  stop();
  status.set({ pending: 1, online: false });
  page.become('hidden');
  expect(times()).toBe(0);
  expect(periodicSync.register).toHaveBeenCalledTimes(1);
  expect(periodicSync.unregister).toHaveBeenCalledTimes(1);
});
