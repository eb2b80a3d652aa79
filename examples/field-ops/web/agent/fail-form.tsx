import { useState } from 'react';
import { type FailReason, failReasons } from '../../src/failure.ts';
import { useLanguage } from './i18n/language.tsx';

interface FailFormProps {
  disabled: boolean;
  onBack(): void;
  onFail(failure: { reason: FailReason; note?: string }): void;
}

export function FailForm({ disabled, onBack, onFail }: FailFormProps) {
  const { t } = useLanguage();
  const [reason, setReason] = useState<FailReason | null>(null);
  const [note, setNote] = useState('');
  const [asked, setAsked] = useState(false);

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setAsked(true);
        const kept = note.trim();
        if (reason !== null) onFail({ reason, ...(kept === '' ? {} : { note: kept }) });
      }}
    >
      <fieldset className="reasons">
        <legend className="unseen">{t.fail.title}</legend>
        {failReasons.map((code) => (
          <label key={code}>
            <input type="radio" name="reason" value={code} checked={code === reason} onChange={() => setReason(code)} />
            <span>{t.fail.reasons[code]}</span>
          </label>
        ))}
      </fieldset>
      <label className="field">
        <span>{t.fail.note}</span>
        <textarea
          data-testid="note"
          rows={2}
          maxLength={500}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
      </label>
      <p className={asked && reason === null ? 'problem' : ''} aria-live="polite">
        {asked && reason === null ? t.fail.choose : ''}
      </p>
      <div className="actions">
        <button type="submit" className="primary" data-testid="fail-submit" disabled={disabled}>
          {t.fail.submit}
        </button>
        <button type="button" className="secondary" onClick={onBack}>
          {t.back}
        </button>
      </div>
    </form>
  );
}
