import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import * as z from 'zod/mini';
import type { decisions, SettlementItem } from '../../../src/settlement-answers.ts';
import { formatRupees } from '../../shared/rupees.ts';
import { Failed } from '../frame/asked.tsx';
import { useConsole } from '../frame/console-context.ts';
import { Fact } from '../frame/fact.tsx';
import { Sheet } from '../frame/sheet.tsx';
import { groupWords, whatToDo } from './group-words.ts';

interface DecideSheetProps {
  readonly runId: string;
  readonly item: SettlementItem;
  onClose(): void;
  onDecided(): void;
}

/** Notes what is decided about a disbursement that does not fit; books and amounts stay as they are. */
export function DecideSheet({ runId, item, onClose, onDecided }: DecideSheetProps) {
  const { api } = useConsole();
  const [decision, setDecision] = useState<(typeof decisions)[number]>('accepted');
  const [reason, setReason] = useState('');
  const decide = useMutation({
    mutationFn: () =>
      api.post(
        `/api/v1/settlement/runs/${runId}/disbursements/${encodeURIComponent(item.disbursementId)}/decide`,
        z.unknown(),
        { decision, reason: reason.trim(), seen: item.decisions },
      ),
    onSuccess: onDecided,
  });
  return (
    <Sheet title={`Disbursement ${item.disbursementId}`} onClose={onClose}>
      <p>
        <span className="tag" data-tone="attention">
          {groupWords[item.group]}
        </span>
      </p>
      <p className="dim">{whatToDo[item.group]}</p>
      <dl>
        <Fact name="Loan">{item.loanId}</Fact>
        <Fact name="Ours">{formatRupees(item.ourPaise)}</Fact>
        <Fact name="The bank paid">{item.bankPaise === null ? 'nothing' : formatRupees(item.bankPaise)}</Fact>
        {item.extraPaise > 0 && <Fact name="Paid besides">{formatRupees(item.extraPaise)}</Fact>}
        {item.returnedPaise > 0 && <Fact name="Came back">{formatRupees(item.returnedPaise)}</Fact>}
        {item.bankRef !== null && <Fact name="Bank’s reference">{item.bankRef}</Fact>}
        {item.decision !== null && (
          <Fact name="Decided before">
            {item.decision} by {item.decidedBy}: {item.reason}
          </Fact>
        )}
      </dl>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (reason.trim().length >= 3) decide.mutate();
        }}
      >
        <fieldset>
          <legend>What is decided</legend>
          {(
            [
              ['accepted', 'Accept it: it leaves the list; the books stay as they are'],
              ['contested', 'Contest it: it stays on the list, marked, until the bank sends a better line'],
            ] as const
          ).map(([value, words]) => (
            <label key={value}>
              <input
                type="radio"
                name="decision"
                value={value}
                checked={decision === value}
                onChange={() => setDecision(value)}
              />
              {words}
            </label>
          ))}
        </fieldset>
        <label className="field">
          <span>Reason (3 letters or more; it is kept with your name)</span>
          <input
            name="reason"
            maxLength={500}
            required
            minLength={3}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
        {decide.isError && <Failed error={decide.error} />}
        <button type="submit" className="main" data-testid="decide-now" disabled={decide.isPending}>
          Save the decision
        </button>
      </form>
    </Sheet>
  );
}
