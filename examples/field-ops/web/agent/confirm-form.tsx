import { useState } from 'react';
import { formatRupees, parseRupees, rupeesText } from '../shared/rupees.ts';
import type { DeliveryRow } from './client.ts';
import { useLanguage } from './i18n/language.tsx';

interface ConfirmFormProps {
  row: DeliveryRow;
  disabled: boolean;
  onBack(): void;
  onConfirm(amountPaise: number): void;
}

/** The last step says the amount on the button itself: what is tapped is what is confirmed. */
export function ConfirmForm({ row, disabled, onBack, onConfirm }: ConfirmFormProps) {
  const { t } = useLanguage();
  const [typed, setTyped] = useState(() => rupeesText(row.amountPaise));
  const paise = parseRupees(typed);
  const expected = formatRupees(row.amountPaise);
  const submitText = row.kind === 'collection' ? t.confirm.submitCollection : t.confirm.submitDisbursement;
  const problem =
    paise === null ? t.confirm.unreadable : paise === row.amountPaise ? null : t.confirm.differs(expected);

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (paise !== null) onConfirm(paise);
      }}
    >
      <p>
        {row.customerName} · {t.confirm.expected(expected)}
      </p>
      <label className="field amount">
        <span>{t.confirm.amount}</span>
        <input
          data-testid="amount"
          inputMode="decimal"
          autoComplete="off"
          maxLength={16}
          value={typed}
          aria-invalid={problem !== null}
          aria-describedby="amount-problem"
          onChange={(event) => setTyped(event.target.value)}
        />
      </label>
      <p id="amount-problem" className={problem === null ? '' : 'problem'} aria-live="polite">
        {problem}
      </p>
      <div className="actions">
        <button type="submit" className="primary" data-testid="confirm-submit" disabled={paise === null || disabled}>
          {submitText(paise === null ? '₹ …' : formatRupees(paise))}
        </button>
        <button type="button" className="secondary" onClick={onBack}>
          {t.back}
        </button>
      </div>
    </form>
  );
}
