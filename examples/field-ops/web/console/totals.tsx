import { DeliveryStatus } from '../../src/model.ts';
import { formatWholeRupees } from '../shared/rupees.ts';
import type { Total } from './delivery-filter.ts';
import { statusWords } from './status-words.ts';

interface TotalsProps {
  totals: Readonly<Record<DeliveryStatus, Total>>;
  chosen: DeliveryStatus | '';
  onChoose(status: DeliveryStatus | ''): void;
}

/** Counts and money by status; each is a filter too. */
export function Totals({ totals, chosen, onChoose }: TotalsProps) {
  const all = Object.values(totals).reduce((sum, { count }) => sum + count, 0);
  return (
    <section className="totals" aria-label="Deliveries by status">
      {DeliveryStatus.options.map((status) => {
        const { count, amountPaise } = totals[status];
        return (
          <button
            key={status}
            type="button"
            data-testid="total"
            data-status={status}
            data-count={count}
            aria-pressed={chosen === status}
            onClick={() => onChoose(chosen === status ? '' : status)}
          >
            <span className="total-name">
              {statusWords[status]} <small>{shareOf(count, all)}</small>
            </span>
            <span className="total-count">{count.toLocaleString('en-IN')}</span>
            <span className="total-amount">{formatWholeRupees(amountPaise)}</span>
          </button>
        );
      })}
    </section>
  );
}

/** In whole per cent, and never "100 %" or "0 %" of what is not all or nothing. */
function shareOf(count: number, all: number): string {
  if (count > 0 && count * 100 < all) return '< 1 %';
  return `${all === 0 ? 0 : Math.floor((count * 100) / all)} %`;
}
