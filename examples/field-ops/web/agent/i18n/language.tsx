import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react';
import { timeFormat, type TimeFormat } from '../../shared/india-time.ts';
import { en, type Messages } from './en.ts';
import { hi } from './hi.ts';

type Language = 'en' | 'hi';
const languages: Readonly<Record<Language, Messages>> = { en, hi };
const storageKey = 'ekbaar.agent.language';

interface Spoken {
  language: Language;
  t: Messages;
  time: TimeFormat;
  /** Changes to the other language and remembers it. */
  change(): void;
}

const Context = createContext<Spoken | null>(null);

/** Gives the app its language: the one chosen here before, else the phone's own. */
export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(initialLanguage);
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = languages[language].appName;
  }, [language]);
  const spoken = useMemo<Spoken>(
    () => ({
      language,
      t: languages[language],
      time: timeFormat(language),
      change() {
        const other = language === 'en' ? 'hi' : 'en';
        localStorage.setItem(storageKey, other);
        setLanguage(other);
      },
    }),
    [language],
  );
  return <Context value={spoken}>{children}</Context>;
}

/** The texts and formats of the language that the person chose. */
export function useLanguage(): Spoken {
  const spoken = use(Context);
  if (!spoken) throw new Error('useLanguage: there is no LanguageProvider above this component');
  return spoken;
}

function initialLanguage(): Language {
  const chosen = localStorage.getItem(storageKey);
  if (chosen === 'en' || chosen === 'hi') return chosen;
  return navigator.language.startsWith('hi') ? 'hi' : 'en';
}
