import { formatRupees } from '../shared/rupees.ts';
import { AmountInWords } from './amount-in-words.tsx';
import type { DeliveryRow } from './client.ts';
import { useLanguage } from './i18n/language.tsx';
import { RestedButton } from './rested-button.tsx';

interface CheckFormProps {
  row: DeliveryRow;
  amountPaise: number;
  disabled: boolean;
  onBack(): void;
  onConfirm(): void;
}

/** The last step says who, how much and for what, and the amount on the button itself: what is tapped is what is confirmed. */
export function CheckForm({ row, amountPaise, disabled, onBack, onConfirm }: CheckFormProps) {
  const { t } = useLanguage();
  const isCollection = row.kind === 'collection';
  const amount = formatRupees(amountPaise);
  const submitText = isCollection ? t.confirm.submitCollection : t.confirm.submitDisbursement;
  return (
    <>
      <p>{(isCollection ? t.confirm.checkCollection : t.confirm.checkDisbursement)(row.customerName)}</p>
      <p className="check-amount">{amount}</p>
      <AmountInWords paise={amountPaise} />
      <p className="dim">
        {t.delivery.loan} {row.loanId}
        {row.instalmentNo !== null && ` · ${t.delivery.instalment(row.instalmentNo)}`}
      </p>
      {amountPaise !== row.amountPaise && <p className="problem">{t.confirm.differs(formatRupees(row.amountPaise))}</p>}
      <div className="actions">
        <RestedButton
          type="button"
          className="primary"
          data-testid="confirm-submit"
          disabled={disabled}
          onClick={onConfirm}
        >
          {submitText(amount)}
        </RestedButton>
        <button type="button" className="secondary" onClick={onBack}>
          {t.back}
        </button>
      </div>
    </>
  );
}
