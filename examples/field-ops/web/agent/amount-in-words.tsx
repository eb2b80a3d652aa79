import { useEffect, useState } from 'react';
import { useLanguage } from './i18n/language.tsx';

/** An amount read out, so that a slip of a digit is noticed. */
export function AmountInWords({ paise }: { paise: number }) {
  const { t, words } = useLanguage();
  const [said, setSaid] = useState<{ paise: number; text: string } | null>(null);
  useEffect(() => {
    let left = false;
    words(paise).then(
      (text) => !left && setSaid({ paise, text }),
      // The figure stands beside it.
      () => undefined,
    );
    return () => {
      left = true;
    };
  }, [paise, words]);
  return (
    <p className="words" data-testid="words" aria-live="polite">
      <span className="unseen">{t.confirm.inWords}: </span>
      {said?.paise === paise ? said.text : '\u00a0'}
    </p>
  );
}
