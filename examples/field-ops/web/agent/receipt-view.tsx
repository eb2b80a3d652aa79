import { useEffect, useState } from 'react';
import { encode } from 'uqr';
import type { Account } from '../shared/account.ts';
import { mfiName } from '../shared/mfi.ts';
import { formatRupees } from '../shared/rupees.ts';
import { AmountInWords } from './amount-in-words.tsx';
import type { DeliveryEntry } from './delivery-state.ts';
import { useLanguage } from './i18n/language.tsx';
import { type Receipt, receiptFor } from './receipt.ts';

interface ReceiptViewProps {
  entry: DeliveryEntry;
  account: Account;
  onDone(): void;
}

/** What the customer is shown, sent or given on paper: at once, and saying whether the office has confirmed it. */
export function ReceiptView({ entry, account, onDone }: ReceiptViewProps) {
  const { t, time } = useLanguage();
  const [receipt, setReceipt] = useState<Receipt | 'opening' | null>('opening');
  useEffect(() => {
    let left = false;
    receiptFor(entry, account.operator).then(
      (made) => !left && setReceipt(made),
      // The delivery says how it stands.
      () => !left && setReceipt(null),
    );
    return () => {
      left = true;
    };
  }, [entry, account]);
  const { row } = entry;
  if (receipt === 'opening') return <p className="notice">{t.loading}</p>;
  if (receipt === null) return <p className="notice">{t.slip.none}</p>;
  const { standing, receiptNo, check, text, amountPaise, confirmedAt } = receipt;
  return (
    <>
      <section className="slip" data-testid="receipt" data-standing={standing} data-receipt-no={receiptNo}>
        <p className="slip-operator">
          {account.operator} · {mfiName(row.mfiId)}
        </p>
        <QrCode text={text} label={t.slip.code(receiptNo)} />
        <p className="slip-no">
          <span className="dim">{t.slip.number}</span> <strong>{receiptNo}</strong>
        </p>
        <p className="slip-standing" data-standing={standing} role="status">
          <span aria-hidden="true">{{ confirmed: '✓', waiting: '↑', refused: '✕' }[standing]} </span>
          {t.slip[standing]}
        </p>
        <p>{row.kind === 'collection' ? t.slip.collected : t.slip.paidOut}</p>
        <p className="check-amount">{formatRupees(amountPaise)}</p>
        <AmountInWords paise={amountPaise} />
        <dl className="facts">
          <div>
            <dt>{t.delivery.customer}</dt>
            <dd>{row.customerName}</dd>
          </div>
          <div>
            <dt>{t.delivery.loan}</dt>
            <dd>
              {row.loanId}
              {row.instalmentNo !== null && ` · ${t.delivery.instalment(row.instalmentNo)}`}
            </dd>
          </div>
          <div>
            <dt>{t.slip.at}</dt>
            <dd>{confirmedAt === null ? '–' : time.full(confirmedAt)}</dd>
          </div>
          <div>
            <dt>{t.slip.agent}</dt>
            <dd>
              {account.name} · {account.login}
            </dd>
          </div>
          {check !== null && (
            <div>
              <dt>{t.slip.check}</dt>
              <dd>{check}</dd>
            </div>
          )}
        </dl>
      </section>
      <div className="actions pair">
        {'share' in navigator && (
          <button
            type="button"
            className="secondary"
            // Who changes their mind has not failed at anything.
            onClick={() => void navigator.share({ title: `${t.slip.title} ${receiptNo}`, text }).catch(() => undefined)}
          >
            {t.slip.share}
          </button>
        )}
        <button type="button" className="secondary" onClick={() => window.print()}>
          {t.slip.print}
        </button>
        <button type="button" className="primary" data-testid="receipt-done" onClick={onDone}>
          {t.slip.done}
        </button>
      </div>
    </>
  );
}

/** Dark on light whatever the theme: scanners want it so, and a quiet edge of four modules. */
function QrCode({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { ecc: 'M', border: 4 });
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
