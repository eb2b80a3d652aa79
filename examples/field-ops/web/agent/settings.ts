import { useSyncExternalStore } from 'react';
import * as z from 'zod/mini';

const themes = ['system', 'light', 'dark', 'sunlight'] as const;
export type Theme = (typeof themes)[number];
const textSizes = ['normal', 'large', 'largest'] as const;
export type TextSize = (typeof textSizes)[number];
/** Minutes that the app may be out of sight before it asks for the PIN. */
export const lockChoices = [1, 5, 15, 30] as const;
const colours: Readonly<Record<Exclude<Theme, 'system'>, string>> = {
  ...{ light: '#0a4a35', dark: '#06120d', sunlight: '#000000' },
};

const Settings = z.object({
  theme: z._default(z.enum(themes), 'system'),
  textSize: z._default(z.enum(textSizes), 'normal'),
  lockMinutes: z._default(z.union(lockChoices.map((minutes) => z.literal(minutes))), 5),
  /** Agents, as "tenant sub", who agreed to tell the office where they are. */
  tracked: z._default(z.array(z.string()), []),
});
type Settings = z.infer<typeof Settings>;

const storageKey = 'ekbaar.agent.settings';
const listeners = new Set<() => void>();
let settings = read();

function read(): Settings {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '{}');
    return Settings.parse(kept);
  } catch {
    // Of another version, or not ours: the defaults are safe.
    return Settings.parse({});
  }
}

/** How this phone is set, for whoever uses it. */
export function useSettings(): Settings {
  return useSyncExternalStore(subscribe, () => settings);
}

export function changeSettings(change: Partial<Settings>): void {
  settings = { ...settings, ...change };
  localStorage.setItem(storageKey, JSON.stringify(settings));
  dress();
  for (const listener of [...listeners]) listener();
}

/** What the page is shown in now, with the phone's own choice looked up. */
export function shownTheme(): Exclude<Theme, 'system'> {
  if (settings.theme !== 'system') return settings.theme;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

/** Puts theme and text size on the page, and follows the phone when it changes between day and night. */
export function dressPage(): void {
  dress();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', dress);
}

function dress(): void {
  const { dataset } = document.documentElement;
  dataset['theme'] = shownTheme();
  dataset['text'] = settings.textSize;
  document.querySelector('meta[name=theme-color]')?.setAttribute('content', colours[shownTheme()]);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
