import { useLayoutEffect, useRef } from 'react';
import { now } from '../shared/platform.ts';
import { formatRupees } from '../shared/rupees.ts';
import type { AgentClient, AgentMutation, DeliveryRow } from './client.ts';
import { deliveryIdOf } from './delivery-state.ts';
import { useLanguage } from './i18n/language.tsx';
import { firstReceiptNo, mayPassNow, refusalInWords } from './refusal.ts';

const restMs = 400;

interface AttentionListProps {
  client: AgentClient;
  refusals: readonly AgentMutation[];
  rows: ReadonlyMap<string, DeliveryRow>;
  onOpen(deliveryId: string): void;
}

/** What the server refused and the agent has not dealt with: each stays until the agent says that they have seen it. */
export function AttentionList({ client, refusals, rows, onOpen }: AttentionListProps) {
  const { t, time } = useLanguage();
  const list = useRef<HTMLUListElement>(null);
  // When one goes, the next one moves under the thumb: the second of two taps is not meant for it.
  useLayoutEffect(() => {
    list.current?.animate({ pointerEvents: ['none', 'none'] }, restMs);
  }, [refusals.length]);
  if (refusals.length === 0) return <p className="nothing">{t.attention.none}</p>;
  const did: Readonly<Record<string, string>> = t.attention.did;
  return (
    <section aria-labelledby="attention-title">
      <h2 id="attention-title" className="unseen">
        {t.attention.title}
      </h2>
      <p className="hint">{t.attention.explain}</p>
      <ul className="refusals" ref={list}>
        {refusals.map((record) => {
          const id = deliveryIdOf(record);
          const row = id === null ? undefined : rows.get(id);
          const receiptNo = firstReceiptNo(record);
          return (
            <li
              key={record.key}
              data-testid="attention-item"
              data-id={id ?? ''}
              data-code={record.error?.code ?? record.state}
            >
              <p>
                <strong>
                  {row
                    ? `${row.customerName} · ${formatRupees(row.amountPaise)}`
                    : record.name === 'closeDay'
                      ? time.day(record.args.date)
                      : (id ?? '')}
                </strong>
              </p>
              <p className="dim">
                {did[record.name] ?? t.attention.did.other} · {time.at(record.at, now())}
              </p>
              <p className="reason">{refusalInWords(record, t)}</p>
              {receiptNo !== null && <p>{t.attention.firstReceipt(receiptNo)}</p>}
              <div className="refusal-actions">
                {mayPassNow(record) && (
                  // Who taps twice sends it once: the second tap finds it dealt with.
                  <button
                    type="button"
                    className="secondary"
                    data-testid="retry"
                    onClick={() => void client.rejections.retry(record.key).catch(() => undefined)}
                  >
                    {t.attention.retry}
                  </button>
                )}
                {row && (
                  <button type="button" className="secondary" onClick={() => onOpen(row.id)}>
                    {t.attention.open}
                  </button>
                )}
                <button
                  type="button"
                  className="secondary"
                  data-testid="dismiss"
                  onClick={() => void client.rejections.dismiss(record.key)}
                >
                  {t.attention.dismiss}
                </button>
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
