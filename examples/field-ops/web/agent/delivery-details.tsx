import type { ReactNode } from 'react';
import { readFailure } from '../../src/failure.ts';
import { mfiName } from '../shared/mfi.ts';
import { now } from '../shared/platform.ts';
import { formatRupees } from '../shared/rupees.ts';
import type { DeliveryEntry } from './delivery-state.ts';
import { useLanguage } from './i18n/language.tsx';
import { KindLabel } from './kind-label.tsx';
import { refusalInWords } from './refusal.ts';
import { StateLabel } from './state-label.tsx';

export function DeliveryDetails({ entry, actions }: { entry: DeliveryEntry; actions: ReactNode }) {
  const { t, time } = useLanguage();
  const { row, state, receiptNo, refused } = entry;
  const failure = row.failReason === null ? null : readFailure(row.failReason);
  const failureInWords =
    failure && [failure.reason && t.fail.reasons[failure.reason], failure.note].filter(Boolean).join(': ');

  return (
    <>
      <p className="sheet-amount">
        <KindLabel kind={row.kind} />
        <strong>{formatRupees(row.amountPaise)}</strong>
      </p>
      <p>
        <StateLabel {...{ state, receiptNo, row }} />
      </p>
      {refused !== null && state === 'attention' && <p className="problem">{refusalInWords(refused, t)}</p>}
      <dl className="facts">
        <Fact name={t.delivery.village}>
          {row.village} {row.pincode}
        </Fact>
        <Fact name={t.delivery.phone}>
          {row.customerPhone === '' ? (
            '–'
          ) : (
            <a
              className="call"
              href={`tel:${row.customerPhone}`}
              aria-label={`${t.delivery.call} ${row.customerPhone}`}
            >
              <span aria-hidden="true">☎</span> {row.customerPhone}
            </a>
          )}
        </Fact>
        <Fact name={t.delivery.lender}>{mfiName(row.mfiId)}</Fact>
        <Fact name={t.delivery.loan}>
          {row.loanId}
          {row.instalmentNo !== null && ` · ${t.delivery.instalment(row.instalmentNo)}`}
        </Fact>
        <Fact name={t.delivery.due}>{time.day(row.dueOn)}</Fact>
        {row.confirmedAt !== null && <Fact name={t.delivery.confirmedAt}>{time.at(row.confirmedAt, now())}</Fact>}
        {receiptNo !== null && <Fact name={t.delivery.receiptNo}>{receiptNo}</Fact>}
        {failureInWords && <Fact name={t.delivery.reason}>{failureInWords}</Fact>}
      </dl>
      {actions}
    </>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
