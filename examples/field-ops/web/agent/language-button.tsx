import { useState } from 'react';
import { languages, useLanguage } from './i18n/language.tsx';

/** The languages by their own names, for whoever cannot read the one that is shown. */
export function LanguageButton() {
  const { t, language, change } = useLanguage();
  const [failed, setFailed] = useState(false);
  return (
    <>
      <select
        className="language"
        data-testid="language"
        aria-label={t.language}
        value={language}
        onChange={({ target }) =>
          void change(target.value).then(
            () => setFailed(false),
            () => setFailed(true),
          )
        }
      >
        {languages.map(({ code, name }) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
      {failed && (
        <p className="problem" role="alert">
          {t.languageFailed}
        </p>
      )}
    </>
  );
}
