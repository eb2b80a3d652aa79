import { languages, useLanguage } from './i18n/language.tsx';

/** The languages by their own names, for whoever cannot read the one that is shown. */
export function LanguageButton() {
  const { t, language, change } = useLanguage();
  return (
    <select
      className="language"
      data-testid="language"
      aria-label={t.language}
      value={language}
      onChange={(event) => change(event.target.value)}
    >
      {languages.map(({ code, name }) => (
        <option key={code} value={code} lang={code}>
          {name}
        </option>
      ))}
    </select>
  );
}
