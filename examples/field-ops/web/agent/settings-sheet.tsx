import { useEffect, useState } from 'react';
import type { Account } from '../shared/account.ts';
import { useLanguage } from './i18n/language.tsx';
import { PlaceChoice } from './place-choice.tsx';
import { changeSettings, lockChoices, type TextSize, type Theme, useSettings } from './settings.ts';
import { Sheet } from './sheet.tsx';
import { currentPlace } from './where.ts';

const themes: readonly Theme[] = ['system', 'light', 'dark', 'sunlight'];
const textSizes: readonly TextSize[] = ['normal', 'large', 'largest'];

/** How this phone shows the app, when it locks, and what the agent lets the office know. */
export function SettingsSheet({ account, onClose }: { account: Account; onClose(): void }) {
  const { t } = useLanguage();
  const { theme, textSize, lockMinutes, tracked } = useSettings();
  const who = `${account.tenant} ${account.sub}`;
  const isTracked = tracked.includes(who);
  return (
    <Sheet title={t.settings.title} onClose={onClose}>
      <Choices
        legend={t.settings.theme}
        name="theme"
        all={themes}
        chosen={theme}
        words={(one) => t.settings.themes[one]}
        onChoose={(one) => changeSettings({ theme: one })}
      />
      <Choices
        legend={t.settings.textSize}
        name="text-size"
        all={textSizes}
        chosen={textSize}
        words={(one) => t.settings.textSizes[one]}
        onChoose={(one) => changeSettings({ textSize: one })}
      />
      <Choices
        legend={t.settings.lock}
        name="lock"
        all={lockChoices}
        chosen={lockMinutes}
        words={(one) => t.minutes(one)}
        onChoose={(one) => changeSettings({ lockMinutes: one })}
      />
      <label className="switch">
        <input
          type="checkbox"
          data-testid="track"
          checked={isTracked}
          aria-describedby="track-explain"
          onChange={({ target }) => {
            changeSettings({ tracked: [...tracked.filter((one) => one !== who), ...(target.checked ? [who] : [])] });
            // The agent has just said yes: now the phone may ask.
            if (target.checked && 'geolocation' in navigator) void currentPlace();
          }}
        />
        <span>{t.settings.track}</span>
      </label>
      <p id="track-explain" className="dim">
        {t.settings.trackExplain}
      </p>
      <PlaceChoice key={String(isTracked)} />
      <StorageState />
    </Sheet>
  );
}

interface ChoicesProps<One extends string | number> {
  legend: string;
  name: string;
  all: readonly One[];
  chosen: One;
  words(one: One): string;
  onChoose(one: One): void;
}

function Choices<One extends string | number>({ legend, name, all, chosen, words, onChoose }: ChoicesProps<One>) {
  return (
    <fieldset className="choices">
      <legend>{legend}</legend>
      {all.map((one) => (
        <label key={one} data-testid={`${name}-${one}`}>
          <input type="radio" name={name} value={one} checked={one === chosen} onChange={() => onChoose(one)} />
          <span>{words(one)}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** Whether the browser may clear what is saved, and how much that is. */
function StorageState() {
  const { t } = useLanguage();
  const [state, setState] = useState<{ kept: boolean; megabytes: string } | null>(null);
  useEffect(() => {
    let left = false;
    const look = async () => {
      const [kept, { usage = 0 }] = await Promise.all([navigator.storage.persisted(), navigator.storage.estimate()]);
      if (!left) setState({ kept, megabytes: (usage / 1e6).toFixed(1) });
    };
    // Absent where the page is not served securely.
    if ('storage' in navigator) look().catch(() => undefined);
    return () => {
      left = true;
    };
  }, []);
  if (state === null) return null;
  return (
    <section aria-labelledby="storage">
      <h3 id="storage">{t.settings.storage}</h3>
      <p>
        {state.kept ? t.settings.kept : t.settings.mayGo} {t.settings.used(state.megabytes)}
      </p>
    </section>
  );
}
