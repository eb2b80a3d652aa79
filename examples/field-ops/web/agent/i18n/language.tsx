/// <reference types="vite/client" />
import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react';
import { timeFormat, type TimeFormat } from '../../shared/india-time.ts';
import { rupeesText } from '../../shared/rupees.ts';
import { patiently } from '../patiently.ts';
import type { Messages } from './en.ts';

/** What a file of a language exports; it is named after its BCP 47 code. */
interface LanguageFile {
  readonly messages: Messages;
  /** How amounts are read out in it. */
  readonly loadWords: () => Promise<{ toCurrency(rupees: string): string }>;
}

/** Every file beside this one that is named like a language is one: adding `ta.ts` adds Tamil. */
const files = import.meta.glob<LanguageFile>('./??.ts');
const codes = Object.keys(files).map((path) => path.slice(2, 4));
const storageKey = 'ekbaar.agent.language';
const fallback = 'en';

/** A language that is on this phone, ready to be shown. */
interface Loaded extends LanguageFile {
  readonly code: string;
}

/** The languages that can be chosen, each by its own name for itself. */
export const languages: readonly { code: string; name: string }[] = codes.map((code) => ({
  code,
  name: new Intl.DisplayNames([code], { type: 'language' }).of(code) ?? code,
}));

interface Spoken {
  language: string;
  t: Messages;
  time: TimeFormat;
  /** An amount in words. */
  words(paise: number): Promise<string>;
  /** Takes into memory every language, with what reading out amounts needs. */
  preload(): Promise<unknown>;
  /** Changes to another language and remembers it. Rejects when it cannot be loaded: the app goes on in the one it has. */
  change(code: string): Promise<void>;
}

const Context = createContext<Spoken | null>(null);

/** Loads the language chosen here before, else the phone's own, else English. */
export function loadFirstLanguage(): Promise<Loaded> {
  const wanted = [localStorage.getItem(storageKey), ...navigator.languages].map((tag) => tag?.slice(0, 2));
  return load(wanted.find((code) => code !== undefined && codes.includes(code)) ?? fallback);
}

async function load(code: string): Promise<Loaded> {
  const file = files[`./${code}.ts`];
  if (!file) throw new RangeError(`there is no language ${code}`);
  return { code, ...(await file()) };
}

/** Gives the app its language. */
export function LanguageProvider({ first, children }: { first: Loaded; children: ReactNode }) {
  const [loaded, setLoaded] = useState(first);
  useEffect(() => {
    document.documentElement.lang = loaded.code;
    document.title = loaded.messages.appName;
  }, [loaded]);
  const spoken = useMemo<Spoken>(
    () => ({
      language: loaded.code,
      t: loaded.messages,
      time: timeFormat(loaded.code),
      // As text: the words of an amount must not depend on a float.
      words: async (paise) => (await loaded.loadWords()).toCurrency(rupeesText(paise)),
      preload: () => Promise.all(codes.map((code) => patiently(async () => (await load(code)).loadWords()))),
      async change(code) {
        const next = await load(code);
        localStorage.setItem(storageKey, code);
        setLoaded(next);
      },
    }),
    [loaded],
  );
  return <Context value={spoken}>{children}</Context>;
}

/** The texts and formats of the language that the person chose. */
export function useLanguage(): Spoken {
  const spoken = use(Context);
  if (!spoken) throw new Error('useLanguage: there is no LanguageProvider above this component');
  return spoken;
}
