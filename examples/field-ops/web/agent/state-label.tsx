import type { DeliveryState } from './delivery-state.ts';
import { useLanguage } from './i18n/language.tsx';

const signs: Readonly<Record<DeliveryState, string>> = {
  todo: '○',
  saved: '↓',
  sent: '↑',
  confirmed: '✓',
  failed: '✕',
  cancelled: '–',
  attention: '!',
};

/** A delivery's state as a sign, words and a colour; never by colour alone. */
export function StateLabel({ state, receiptNo }: { state: DeliveryState; receiptNo: string | null }) {
  const { t } = useLanguage();
  const words =
    state === 'confirmed' && receiptNo !== null ? `${t.state.confirmed} · ${t.receipt(receiptNo)}` : t.state[state];
  return (
    <span className="state" data-state={state}>
      <span aria-hidden="true">{signs[state]}</span> {words}
    </span>
  );
}
