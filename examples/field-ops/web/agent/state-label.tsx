import type { DeliveryRow } from './client.ts';
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
  unknown: '?',
};

interface StateLabelProps {
  state: DeliveryState;
  receiptNo: string | null;
  row: DeliveryRow;
}

/** A delivery's state as a sign, words and a colour; never by colour alone. The raw word where this app does not know it. */
export function StateLabel({ state, receiptNo, row }: StateLabelProps) {
  const { t } = useLanguage();
  const known = state === 'unknown' ? row.status : t.state[state];
  const words = state === 'confirmed' && receiptNo !== null ? `${known} · ${t.receipt(receiptNo)}` : known;
  return (
    <span className="state" data-state={state}>
      <span aria-hidden="true">{signs[state]}</span> {words}
    </span>
  );
}
