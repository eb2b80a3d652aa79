import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { PayoutAccount, PayoutAccounts } from '../../../src/message-answers.ts';
import { Asked, Failed } from '../frame/asked.tsx';
import { useConsole } from '../frame/console-context.ts';
import { Fact } from '../frame/fact.tsx';
import { Link } from '../frame/router.tsx';
import { Sheet } from '../frame/sheet.tsx';
import { momentInWords } from '../frame/units.ts';

/** Where an agent gets back what the agent paid out in cash. The number is never shown in full again. */
export function BankAccount({ agentId }: { agentId: string }) {
  const { api } = useConsole();
  const agent = encodeURIComponent(agentId);
  const asked = useQuery({
    queryKey: ['payout-account', agentId],
    queryFn: ({ signal }) => api.get(`/api/v1/payout-accounts?agent=${agent}`, PayoutAccounts, signal),
  });
  const [giving, setGiving] = useState(false);
  const change = useMutation({
    mutationFn: (body: { readonly destination?: string; readonly enabled: boolean }) =>
      api.post(`/api/v1/payout-accounts/${agent}`, PayoutAccount, body),
    onSuccess: () => {
      setGiving(false);
      void asked.refetch();
    },
  });
  return (
    <section className="card" aria-labelledby="bank-account">
      <h2 id="bank-account">Payouts</h2>
      <Asked query={asked}>
        {({ accounts: [account] }) => (
          <>
            {account === undefined ? (
              <p className="dim">
                No bank account. With one, what this agent pays out in cash is paid back to it after each disbursement.
              </p>
            ) : (
              <dl>
                <Fact name="Bank account">
                  <span data-testid="destination">{account.destination}</span>
                </Fact>
                <Fact name="Payouts">
                  <span className="tag" data-tone={account.enabled ? 'good' : 'attention'} data-testid="payouts-state">
                    {account.enabled ? 'On' : 'Off'}
                  </span>{' '}
                  <Link to="/messages?show=payouts">All payouts</Link>
                </Fact>
                <Fact name="Changed">
                  {momentInWords(account.changedAt)} by {account.changedBy}
                </Fact>
              </dl>
            )}
            {change.isError && !giving && <Failed error={change.error} />}
            <div className="inline">
              <button type="button" data-testid="give-account" onClick={() => setGiving(true)}>
                {account === undefined ? 'Give an account…' : 'Give another…'}
              </button>
              {account !== undefined && (
                <button
                  type="button"
                  data-testid="switch-payouts"
                  disabled={change.isPending}
                  onClick={() => change.mutate({ enabled: !account.enabled })}
                >
                  Switch payouts {account.enabled ? 'off' : 'on'}
                </button>
              )}
            </div>
          </>
        )}
      </Asked>
      {giving && (
        <AccountSheet
          agentId={agentId}
          busy={change.isPending}
          error={change.error}
          onGiven={(destination) => change.mutate({ destination, enabled: true })}
          onClose={() => {
            setGiving(false);
            change.reset();
          }}
        />
      )}
    </section>
  );
}

interface AccountSheetProps {
  readonly agentId: string;
  readonly busy: boolean;
  readonly error: Error | null;
  onGiven(destination: string): void;
  onClose(): void;
}

function AccountSheet({ agentId, busy, error, onGiven, onClose }: AccountSheetProps) {
  const [destination, setDestination] = useState('');
  return (
    <Sheet title={`Bank account of ${agentId}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onGiven(destination.trim());
        }}
      >
        <label className="field">
          <span>The account as the payment provider names it</span>
          <input
            name="destination"
            required
            maxLength={100}
            pattern="\s*[A-Za-z0-9_]+\s*"
            placeholder="fa_… (RazorpayX), ba_… or acct_… (Stripe)"
            autoComplete="off"
            value={destination}
            onChange={(event) => setDestination(event.target.value)}
          />
        </label>
        <p className="dim">Payouts of disbursements from now on go there. Who changed it, and when, is kept.</p>
        {error && <Failed error={error} />}
        <button type="submit" className="main" data-testid="give-now" disabled={busy}>
          Pay to this account
        </button>
      </form>
    </Sheet>
  );
}
