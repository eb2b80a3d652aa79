import { useRef, useState } from 'react';
import { now } from '../shared/platform.ts';
import type { Account } from '../shared/account.ts';
import { CheckForm } from './check-form.tsx';
import { ConfirmForm } from './confirm-form.tsx';
import type { AgentClient } from './client.ts';
import { DeliveryDetails } from './delivery-details.tsx';
import { type DeliveryEntry, hasReceipt, isUnderstood, settledAs } from './delivery-state.ts';
import { FailForm } from './fail-form.tsx';
import { useLanguage } from './i18n/language.tsx';
import { ReceiptView } from './receipt-view.tsx';
import { Sheet } from './sheet.tsx';
import { type Place, whereIfKnown } from './where.ts';

interface DeliverySheetProps {
  client: AgentClient;
  account: Account;
  /** Null while the delivery is not on this phone: given to another agent, or between two parts of an update. */
  entry: DeliveryEntry | null;
  onClose(): void;
  /** Why it could not be delivered is safely on this phone; told in words. */
  onSaved(words: string): void;
}

/** One delivery: its details, the two things an agent can say about it, and the receipt. */
export function DeliverySheet({ client, account, entry, onClose, onSaved }: DeliverySheetProps) {
  const { t } = useLanguage();
  // The last that was known: a form that went away for a moment would lose what was typed.
  const [known, setKnown] = useState(entry);
  if (entry !== null && entry !== known) setKnown(entry);
  const [step, setStep] = useState<'details' | 'confirm' | 'check' | 'receipt' | 'fail'>('details');
  const [saving, setSaving] = useState<'no' | 'now' | 'failed'>('no');
  const [counted, setCounted] = useState<number | null>(null);
  const place = useRef<Place | null>(null);

  const shown = entry ?? known;
  if (shown === null) {
    return (
      <Sheet title={t.delivery.customer} onClose={onClose}>
        <p>{t.delivery.gone}</p>
      </Sheet>
    );
  }
  const { row } = shown;
  const settled = settledAs(shown);
  const understood = isUnderstood(row);
  const canAnswer = entry !== null && settled === null && understood;
  /** No cash may change hands for what somebody else has settled meanwhile; what is being saved here is not news. */
  const stopped = saving === 'now' || step === 'receipt' || canAnswer ? null : entry === null ? 'gone' : settled;

  /** `saving` keeps a second tap from confirming twice. */
  async function save(mutate: () => Promise<unknown>, then: () => void): Promise<void> {
    if (saving === 'now' || !canAnswer) return;
    setSaving('now');
    try {
      await mutate();
      then();
    } catch {
      setSaving('failed');
    }
  }

  function startConfirming(): void {
    setStep('confirm');
    // Looked up while the cash is counted: saving never waits for it.
    void whereIfKnown().then((known) => {
      place.current = known;
    });
  }

  function confirm(amountPaise: number): Promise<unknown> {
    const args = {
      deliveryId: row.id,
      amountPaise,
      confirmedAt: new Date(now()).toISOString(),
      ...(place.current ? { location: place.current } : {}),
    };
    const refused = shown?.refused;
    // With another amount, or once more: either takes the place of the one that the office refused.
    if (refused?.name === 'confirmDelivery' && refused.state === 'rejected') {
      return client.rejections.resend({ key: refused.key, name: refused.name }, args);
    }
    return client.mutate('confirmDelivery', args);
  }

  const titles = {
    details: row.customerName,
    confirm: row.kind === 'collection' ? t.confirm.titleCollection : t.confirm.titleDisbursement,
    check: t.confirm.checkTitle,
    receipt: t.slip.title,
    fail: t.fail.title,
  };
  return (
    <Sheet title={titles[step]} onClose={onClose}>
      {stopped !== null && (stopped === 'gone' || step !== 'details') && (
        <p className="problem" role="alert" data-testid="stopped">
          {stopped === 'gone' ? t.delivery.gone : t.delivery.settled(t.state[stopped])}
        </p>
      )}
      {!understood && (
        <p className="note" role="alert" data-testid="not-understood">
          {t.delivery.notUnderstood}
        </p>
      )}
      {step === 'details' && (
        <DeliveryDetails
          entry={shown}
          actions={
            canAnswer ? (
              <div className="actions">
                <button type="button" className="primary" data-testid="confirm" onClick={startConfirming}>
                  {row.kind === 'collection' ? t.delivery.confirmCollection : t.delivery.confirmDisbursement}
                </button>
                <button type="button" className="secondary" data-testid="fail" onClick={() => setStep('fail')}>
                  {t.delivery.fail}
                </button>
              </div>
            ) : (
              hasReceipt(shown) && (
                <div className="actions">
                  <button
                    type="button"
                    className="primary"
                    data-testid="show-receipt"
                    onClick={() => setStep('receipt')}
                  >
                    {t.slip.show}
                  </button>
                </div>
              )
            )
          }
        />
      )}
      {step === 'confirm' && (
        <ConfirmForm
          row={row}
          disabled={saving === 'now' || !canAnswer}
          counted={counted}
          onBack={() => setStep('details')}
          onCounted={(amountPaise) => {
            setCounted(amountPaise);
            setStep('check');
          }}
        />
      )}
      {step === 'check' && counted !== null && (
        <CheckForm
          row={row}
          amountPaise={counted}
          disabled={saving === 'now' || !canAnswer}
          onBack={() => setStep('confirm')}
          onConfirm={() =>
            void save(
              () => confirm(counted),
              () => setStep('receipt'),
            )
          }
        />
      )}
      {step === 'receipt' && <ReceiptView entry={shown} account={account} onDone={onClose} />}
      {step === 'fail' && (
        <FailForm
          disabled={saving === 'now' || !canAnswer}
          onBack={() => setStep('details')}
          onFail={(failure) =>
            void save(
              () => client.mutate('failDelivery', { deliveryId: row.id, ...failure }),
              () => onSaved(t.confirm.saved(row.customerName)),
            )
          }
        />
      )}
      {saving === 'failed' && (
        <p className="problem" role="alert">
          {t.confirm.notSaved}
        </p>
      )}
    </Sheet>
  );
}
