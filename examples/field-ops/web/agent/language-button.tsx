import { useLanguage } from './i18n/language.tsx';

/** Shows the name of the other language, in that language, for whoever cannot read this one. */
export function LanguageButton() {
  const { t, language, change } = useLanguage();
  return (
    <button
      type="button"
      className="language"
      data-testid="language"
      lang={language === 'en' ? 'hi' : 'en'}
      title={t.otherLanguageLabel}
      onClick={change}
    >
      {t.otherLanguage}
    </button>
  );
}
