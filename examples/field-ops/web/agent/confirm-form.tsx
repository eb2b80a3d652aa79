import { useState } from 'react';
import { formatRupees, parseRupees, rupeesText } from '../shared/rupees.ts';
import { AmountInWords } from './amount-in-words.tsx';
import type { DeliveryRow } from './client.ts';
import { useLanguage } from './i18n/language.tsx';

interface ConfirmFormProps {
  row: DeliveryRow;
  disabled: boolean;
  /** What was counted before, when the agent comes back from the check. */
  counted: number | null;
  onBack(): void;
  onCounted(amountPaise: number): void;
}

/** The first of two steps: the cash is counted, and its amount read out. */
export function ConfirmForm({ row, disabled, counted, onBack, onCounted }: ConfirmFormProps) {
  const { t } = useLanguage();
  const [typed, setTyped] = useState(() => rupeesText(counted ?? row.amountPaise));
  const paise = parseRupees(typed);
  const expected = formatRupees(row.amountPaise);
  const problem =
    paise === null ? t.confirm.unreadable : paise === row.amountPaise ? null : t.confirm.differs(expected);

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (paise !== null) onCounted(paise);
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
      {paise !== null && <AmountInWords paise={paise} />}
      <p id="amount-problem" className={problem === null ? '' : 'problem'} aria-live="polite">
        {problem}
      </p>
      <div className="actions">
        <button type="submit" className="primary" data-testid="confirm-next" disabled={paise === null || disabled}>
          {t.confirm.next}
        </button>
        <button type="button" className="secondary" onClick={onBack}>
          {t.back}
        </button>
      </div>
    </form>
  );
}
