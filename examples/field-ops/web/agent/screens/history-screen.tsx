import { formatRupees } from '../../shared/rupees.ts';
import { closingOf, daysWithWork, totalsOf } from '../day-totals.ts';
import { DeliveryRow } from '../delivery-row.tsx';
import { useLanguage } from '../i18n/language.tsx';
import type { Work } from '../use-work.ts';

/** What the agent did, day by day, as far back as the phone has it. */
export function HistoryScreen({ work, today, onOpen }: { work: Work; today: string; onOpen(id: string): void }) {
  const { t, time } = useLanguage();
  const { entries, log } = work;
  const days = daysWithWork(entries);
  const undated = entries.filter(({ state }) => ['failed', 'cancelled', 'unknown'].includes(state));
  if (days.length === 0 && undated.length === 0) return <p className="nothing">{t.history.none}</p>;
  return (
    <div className="history">
      <h2 className="unseen">{t.history.title}</h2>
      {days.map((date) => {
        const totals = totalsOf(entries, date);
        return (
          <details key={date} open={date === days[0]} data-testid="history-day" data-date={date}>
            <summary>
              <strong>{date === today ? t.tabs.today : time.day(date)}</strong>
              <span className="dim">
                {t.deliveries(totals.count)}
                {closingOf(log, date) !== null && ` · ${t.history.closed}`}
              </span>
              <span>
                ↓ {t.history.collected} {formatRupees(totals.collectedPaise)}
              </span>
              <span>
                ↑ {t.history.paidOut} {formatRupees(totals.disbursedPaise)}
              </span>
            </summary>
            <ul className="deliveries">
              {totals.entries.map((entry) => (
                <DeliveryRow key={entry.row.id} {...{ entry, today }} showVillage onOpen={() => onOpen(entry.row.id)} />
              ))}
            </ul>
          </details>
        );
      })}
      {undated.length > 0 && (
        <details data-testid="history-undated">
          <summary>
            <strong>{t.history.undated}</strong>
            <span className="dim">{t.deliveries(undated.length)}</span>
          </summary>
          <ul className="deliveries">
            {undated.map((entry) => (
              <DeliveryRow key={entry.row.id} {...{ entry, today }} showVillage onOpen={() => onOpen(entry.row.id)} />
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
