import type { ReactNode } from 'react';
import { timeFormat } from '../shared/india-time.ts';
import { mfiName } from '../shared/mfi.ts';
import { now } from '../shared/platform.ts';
import { formatRupees } from '../shared/rupees.ts';
import { useModal } from '../shared/use-modal.ts';
import { failureInWords } from './failure-in-words.ts';
import type { AgentRow, DeliveryRow, PositionRow } from './scoped-rows.ts';
import { StatusLabel } from './status-label.tsx';
import { kindWords } from './status-words.ts';

const time = timeFormat('en');

interface DeliveryDialogProps {
  row: DeliveryRow;
  agent: AgentRow | undefined;
  position: PositionRow | undefined;
  onClose(): void;
}

/** Everything that the office may know about one delivery; it goes on changing while it is open. */
export function DeliveryDialog({ row, agent, position, onClose }: DeliveryDialogProps) {
  const dialog = useModal();
  const shownAt = now();
  return (
    <dialog ref={dialog} aria-labelledby="delivery-title" onClose={onClose}>
      <div className="dialog-top">
        <h2 id="delivery-title">{row.customerName}</h2>
        <button type="button" aria-label="Close" onClick={() => dialog.current?.close()}>
          ✕
        </button>
      </div>
      <p className="dialog-amount">
        <strong>{formatRupees(row.amountPaise)}</strong> <StatusLabel status={row.status} />
      </p>
      <dl>
        <Fact name="Kind">{kindWords[row.kind]}</Fact>
        <Fact name="Lender">{mfiName(row.mfiId)}</Fact>
        <Fact name="Loan">
          {row.loanId}
          {row.instalmentNo !== null && ` · instalment ${row.instalmentNo}`}
        </Fact>
        <Fact name="Village">
          {row.village} {row.pincode} ({row.regionId})
        </Fact>
        <Fact name="Customer’s phone">{row.customerPhone}</Fact>
        <Fact name="Agent">{agent ? `${agent.name} · ${agent.phone}` : row.agentId}</Fact>
        {position && (
          <Fact name="Agent last seen">
            {time.at(position.at, shownAt)} at {position.lat.toFixed(4)}, {position.lng.toFixed(4)} (±
            {Math.round(position.accuracyM)} m)
          </Fact>
        )}
        <Fact name="Due">{time.day(row.dueOn)}</Fact>
        {row.confirmedAt !== null && <Fact name="Confirmed">{time.at(row.confirmedAt, shownAt)}</Fact>}
        {row.receiptNo !== null && <Fact name="Receipt no.">{row.receiptNo}</Fact>}
        {row.failReason !== null && <Fact name="Reason">{failureInWords(row.failReason)}</Fact>}
        <Fact name="Delivery">{row.id}</Fact>
      </dl>
    </dialog>
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
