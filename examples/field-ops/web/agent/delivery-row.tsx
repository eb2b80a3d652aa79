import { mfiName } from '../shared/mfi.ts';
import { formatRupees } from '../shared/rupees.ts';
import type { DeliveryEntry } from './delivery-state.ts';
import { useLanguage } from './i18n/language.tsx';
import { KindLabel } from './kind-label.tsx';
import { refusalInWords } from './refusal.ts';
import { StateLabel } from './state-label.tsx';

interface DeliveryRowProps {
  entry: DeliveryEntry;
  /** The operator's day, YYYY-MM-DD. */
  today: string;
  /** Where no heading says it. */
  showVillage?: boolean;
  onOpen(): void;
}

/** One delivery in the list; the whole row is a button that opens it. */
export function DeliveryRow({ entry, today, showVillage = false, onOpen }: DeliveryRowProps) {
  const { t, time } = useLanguage();
  const { row, state, refused, receiptNo } = entry;
  const due = row.dueOn < today ? t.day.overdue(time.day(row.dueOn)) : t.day.due(time.day(row.dueOn));
  return (
    <li>
      <button
        type="button"
        className="delivery"
        data-testid="delivery-row"
        data-id={row.id}
        data-state={state}
        onClick={onOpen}
      >
        <span className="delivery-main">
          <strong>{row.customerName}</strong>
          <span className="dim">
            {showVillage ? row.village : mfiName(row.mfiId)}
            {row.instalmentNo !== null && ` · ${t.delivery.instalment(row.instalmentNo)}`}
          </span>
        </span>
        <span className="delivery-amount">
          <KindLabel kind={row.kind} />
          <strong>{formatRupees(row.amountPaise)}</strong>
        </span>
        <span className="delivery-state">
          {/* What is to be done stands under its village: a label on every row would say nothing. */}
          {state !== 'todo' && <StateLabel {...{ state, receiptNo, row }} />}
          {state === 'attention' && refused !== null && <span>{refusalInWords(refused, t)}</span>}
          {(state === 'todo' || state === 'attention') && row.dueOn !== today && <span className="dim">{due}</span>}
        </span>
      </button>
    </li>
  );
}
