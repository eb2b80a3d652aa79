import { type SubmitEvent, useState } from 'react';
import { formatRupees, rupeesText } from '../../shared/rupees.ts';
import { type AgentClient, knownDays } from '../client.ts';
import { type Closing, closingOf, type DayTotals, daysWithWork, forgottenDay, totalsOf } from '../day-totals.ts';
import { openStates } from '../delivery-state.ts';
import { useLanguage } from '../i18n/language.tsx';
import { parseTotal } from '../parse-total.ts';
import { RestedButton } from '../rested-button.tsx';
import type { Work } from '../use-work.ts';

interface CloseScreenProps {
  client: AgentClient;
  work: Work;
  /** The operator's day, YYYY-MM-DD. */
  today: string;
  unsent: number;
  onAttention(): void;
}

/** The day's end: what the phone counted, what the agent counted, and afterwards what the office's books say. */
export function CloseScreen({ client, work, today, unsent, onAttention }: CloseScreenProps) {
  const { t, time } = useLanguage();
  const worked = daysWithWork(work.entries);
  const days = [...new Set([today, ...worked])];
  // A day that was forgotten is offered before today's.
  const [date, setDate] = useState(() => {
    const forgotten = forgottenDay(work.log, today, knownDays);
    return forgotten !== null && worked.includes(forgotten) ? forgotten : today;
  });
  const totals = totalsOf(work.entries, date);
  const closing = closingOf(work.log, date);
  const todo = date === today ? work.entries.filter(({ state }) => openStates.has(state)).length : 0;
  return (
    <div className="close-screen">
      <h2>{t.closing.title}</h2>
      {days.length > 1 && (
        <label className="field">
          <span>{t.closing.day}</span>
          <select value={date} onChange={({ target }) => setDate(target.value)}>
            {days.map((day) => (
              <option key={day} value={day}>
                {day === today ? `${t.tabs.today} · ${time.day(day)}` : time.day(day)}
              </option>
            ))}
          </select>
        </label>
      )}
      <Counted totals={totals} />
      {unsent > 0 && <p className="note">{t.closing.unsent(unsent)}</p>}
      {closing === null && todo > 0 && <p className="note">{t.closing.todo(todo)}</p>}
      {work.refusals.length > 0 && (
        <button type="button" className="problem wide" onClick={onAttention}>
          {t.closing.refused(work.refusals.length)}
        </button>
      )}
      {closing === null ? (
        <CloseForm key={`${date} ${totals.count}`} client={client} totals={totals} />
      ) : (
        <Closed closing={closing} />
      )}
      {closing !== null && totals.count > closing.args.count && (
        <p className="note">{t.closing.after(totals.count - closing.args.count)}</p>
      )}
    </div>
  );
}

function Counted({ totals }: { totals: DayTotals }) {
  const { t } = useLanguage();
  return (
    <section aria-labelledby="counted">
      <h3 id="counted">{t.closing.counted}</h3>
      <dl className="sums" data-testid="counted">
        <div>
          <dt>↓ {t.closing.collected}</dt>
          <dd>{formatRupees(totals.collectedPaise)}</dd>
        </div>
        <div>
          <dt>↑ {t.closing.paidOut}</dt>
          <dd>{formatRupees(totals.disbursedPaise)}</dd>
        </div>
        <div>
          <dt>{t.closing.hand}</dt>
          <dd>{formatRupees(totals.collectedPaise - totals.disbursedPaise)}</dd>
        </div>
        <div>
          <dt>{t.closing.deliveries}</dt>
          <dd>{totals.count}</dd>
        </div>
      </dl>
    </section>
  );
}

function CloseForm({ client, totals }: { client: AgentClient; totals: DayTotals }) {
  const { t } = useLanguage();
  const [collected, setCollected] = useState(() => rupeesText(totals.collectedPaise));
  const [paidOut, setPaidOut] = useState(() => rupeesText(totals.disbursedPaise));
  const [state, setState] = useState<'typing' | 'asking' | 'saving' | 'failed'>('typing');
  const collectedPaise = parseTotal(collected);
  const disbursedPaise = parseTotal(paidOut);

  async function close(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (collectedPaise === null || disbursedPaise === null || state === 'saving') return;
    if (state !== 'asking') return setState('asking');
    setState('saving');
    try {
      await client.mutate('closeDay', { date: totals.date, collectedPaise, disbursedPaise, count: totals.count });
    } catch {
      setState('failed');
    }
  }
  const typed = (set: (text: string) => void) => (text: string) => {
    set(text);
    setState('typing');
  };
  return (
    <form onSubmit={(event) => void close(event)}>
      <SumField
        label={t.closing.myCollected}
        name="collected"
        typed={collected}
        paise={collectedPaise}
        expected={totals.collectedPaise}
        onType={typed(setCollected)}
      />
      <SumField
        label={t.closing.myPaidOut}
        name="paid-out"
        typed={paidOut}
        paise={disbursedPaise}
        expected={totals.disbursedPaise}
        onType={typed(setPaidOut)}
      />
      {state === 'failed' && (
        <p className="problem" role="alert">
          {t.confirm.notSaved}
        </p>
      )}
      <p aria-live="polite">{state === 'asking' ? t.closing.sure : ''}</p>
      <div className="actions">
        {state === 'asking' || state === 'saving' ? (
          <RestedButton type="submit" className="primary" data-testid="close-day" disabled={state === 'saving'}>
            {t.closing.really}
          </RestedButton>
        ) : (
          <button
            type="submit"
            className="primary"
            data-testid="close-day"
            disabled={collectedPaise === null || disbursedPaise === null}
          >
            {t.closing.submit}
          </button>
        )}
        {state === 'asking' && (
          <button type="button" className="secondary" onClick={() => setState('typing')}>
            {t.back}
          </button>
        )}
      </div>
    </form>
  );
}

interface SumFieldProps {
  label: string;
  name: string;
  typed: string;
  paise: number | null;
  expected: number;
  onType(text: string): void;
}

function SumField({ label, name, typed, paise, expected, onType }: SumFieldProps) {
  const { t } = useLanguage();
  const problem =
    paise === null
      ? t.confirm.unreadable
      : paise === expected
        ? ''
        : (paise > expected ? t.closing.moreThanPhone : t.closing.lessThanPhone)(
            formatRupees(Math.abs(paise - expected)),
          );
  return (
    <>
      <label className="field">
        <span>{label}</span>
        <input
          data-testid={`close-${name}`}
          inputMode="decimal"
          autoComplete="off"
          maxLength={16}
          value={typed}
          aria-invalid={paise === null}
          aria-describedby={`close-${name}-problem`}
          onChange={({ target }) => onType(target.value)}
        />
      </label>
      <p id={`close-${name}-problem`} className={problem === '' ? '' : 'note'} aria-live="polite">
        {problem}
      </p>
    </>
  );
}

function Closed({ closing }: { closing: Closing }) {
  const { t } = useLanguage();
  if (closing.state === 'rejected') return <p className="note">{t.attention.codes.already_closed}</p>;
  if (closing.state !== 'applied') {
    return (
      <p className="note" data-testid="closing" data-state={closing.state} role="status">
        {t.closing.saved}
      </p>
    );
  }
  const { collectedPaise, disbursedPaise, count } = closing.result.differences;
  const moreOrLess = (difference: number, text: string) =>
    difference > 0 ? t.closing.more(text) : t.closing.less(text);
  const lines = [
    ...(collectedPaise === 0
      ? []
      : [[t.closing.collected, moreOrLess(collectedPaise, formatRupees(Math.abs(collectedPaise)))]]),
    ...(disbursedPaise === 0
      ? []
      : [[t.closing.paidOut, moreOrLess(disbursedPaise, formatRupees(Math.abs(disbursedPaise)))]]),
    ...(count === 0 ? [] : [[t.closing.deliveries, moreOrLess(count, String(Math.abs(count)))]]),
  ];
  return (
    <div data-testid="closing" data-state="applied" role="status" className={lines.length === 0 ? 'fine' : 'problem'}>
      <p>{lines.length === 0 ? t.closing.same : t.closing.different}</p>
      {lines.map(([what, words]) => (
        <p key={what}>
          {what}: {words}
        </p>
      ))}
      {lines.length > 0 && <p>{t.closing.talk}</p>}
    </div>
  );
}
