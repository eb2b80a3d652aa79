import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import * as z from 'zod/mini';
import { ChangedAccount, IssuedCode, type KnownAccount, KnownPhones } from '../../../src/account-answers.ts';
import { PhoneCard } from '../agents/phone-card.tsx';
import { Asked, Failed } from '../frame/asked.tsx';
import { useConsole } from '../frame/console-context.ts';
import { Fact } from '../frame/fact.tsx';
import { Link } from '../frame/router.tsx';
import { momentInWords } from '../frame/units.ts';
import { roleWords, stateOf } from './account-words.ts';
import { ChangeAccountSheet } from './change-account-sheet.tsx';
import { CodeShown } from './code-shown.tsx';

/** One account: what it may, how it signs in, its phones. */
export function AccountScreen({ id }: { id: string }) {
  const { api } = useConsole();
  const path = `/auth/accounts/${encodeURIComponent(id)}`;
  const query = useQuery({
    queryKey: ['account', id],
    queryFn: ({ signal }) => api.get(path, ChangedAccount, signal),
  });
  const phones = useQuery({
    queryKey: ['phones', id],
    queryFn: ({ signal }) => api.get(`/auth/phones?account=${encodeURIComponent(id)}`, KnownPhones, signal),
  });
  return (
    <div className="screen">
      <p className="crumbs">
        <Link to="/accounts">Accounts</Link> / {id}
      </p>
      <Asked query={query}>
        {({ account }) => (
          <>
            <div className="screen-top">
              <h1>{account.name}</h1>
              <span className="tag" data-tone={stateOf(account).tone} data-testid="account-state">
                {stateOf(account).words}
              </span>
              <span className="dim">
                {roleWords[account.role]} · {account.login}
              </span>
            </div>
            <div className="two">
              <div className="stack">
                <Facts account={account} onChanged={() => void query.refetch()} />
                <SignIn account={account} path={path} onChanged={() => void query.refetch()} />
              </div>
              <section className="stack" aria-label="Phones">
                <Asked query={phones}>
                  {({ phones: found }) =>
                    found.length === 0 ? (
                      <p className="card dim">No phone has signed in with this account.</p>
                    ) : (
                      found.map((phone) => (
                        <PhoneCard key={phone.id} phone={phone} onChanged={() => void phones.refetch()} />
                      ))
                    )
                  }
                </Asked>
              </section>
            </div>
          </>
        )}
      </Asked>
    </div>
  );
}

function Facts({ account, onChanged }: { account: KnownAccount; onChanged(): void }) {
  const [changing, setChanging] = useState(false);
  return (
    <section className="card" aria-labelledby="account">
      <h2 id="account">Account</h2>
      <dl>
        <Fact name="Id">
          {account.role === 'agent' ? (
            <Link to={`/agents/${encodeURIComponent(account.id)}`}>{account.id}</Link>
          ) : (
            account.id
          )}
        </Fact>
        <Fact name="Role">{roleWords[account.role]}</Fact>
        {account.role !== 'agent' && (
          <Fact name="Regions">
            {account.regions.includes('*') ? 'All regions' : account.regions.join(', ') || 'none'}
          </Fact>
        )}
        <Fact name="Phone number">{account.phone ?? 'none'}</Fact>
        <Fact name="Made">{momentInWords(account.createdAt)}</Fact>
      </dl>
      <button type="button" data-testid="change-account" onClick={() => setChanging(true)}>
        Change…
      </button>
      {changing && (
        <ChangeAccountSheet
          account={account}
          onClose={() => setChanging(false)}
          onChanged={() => {
            setChanging(false);
            onChanged();
          }}
        />
      )}
    </section>
  );
}

interface SignInProps {
  readonly account: KnownAccount;
  readonly path: string;
  onChanged(): void;
}

function SignIn({ account, path, onChanged }: SignInProps) {
  const { api, session } = useConsole();
  const own = session.account.sub === account.id;
  const issue = useMutation({
    mutationFn: (deliver: 'show' | 'send') => api.post(`${path}/reset-code`, IssuedCode, { deliver }),
    onSuccess: onChanged,
  });
  const act = useMutation({
    mutationFn: (what: { readonly to: 'change' | 'revoke'; readonly body: object }) =>
      api.post(`${path}/${what.to}`, z.unknown(), what.body),
    onSuccess: onChanged,
  });
  const secret = account.role === 'agent' ? 'PIN' : 'password';
  return (
    <section className="card" aria-labelledby="sign-in">
      <h2 id="sign-in">Signing in</h2>
      <p className="dim">
        A code sets a new {secret} and unlocks who guessed too often. Ending the sessions signs out everywhere; closing
        does that and lets nobody in again. What a phone has not sent stays on it.
      </p>
      <div className="inline">
        <button type="button" data-testid="issue-code" disabled={issue.isPending} onClick={() => issue.mutate('show')}>
          Show a code for a new {secret}
        </button>
        <button type="button" disabled={issue.isPending} onClick={() => issue.mutate('send')}>
          Send them one
        </button>
        <button
          type="button"
          data-testid="end-sessions"
          disabled={act.isPending || own}
          onClick={() => act.mutate({ to: 'revoke', body: { why: 'ended in the console' } })}
        >
          End all sessions
        </button>
        <button
          type="button"
          className={account.active ? 'danger' : ''}
          data-testid={account.active ? 'close-account' : 'open-account'}
          disabled={act.isPending || own}
          onClick={() => act.mutate({ to: 'change', body: { active: !account.active } })}
        >
          {account.active ? 'Close the account' : 'Open it again'}
        </button>
      </div>
      {own && <p className="dim">This is your own account: a colleague closes it, or ends its sessions.</p>}
      {(issue.isError || act.isError) && <Failed error={issue.error ?? act.error} />}
      {act.isSuccess && act.variables.to === 'revoke' && <p role="status">All sessions have ended.</p>}
      {issue.isSuccess && issue.data.code !== null && (
        <CodeShown name={account.name} login={account.login} code={issue.data.code} until={issue.data.codeExpiresAt} />
      )}
      {issue.isSuccess && issue.data.sent && (
        <p role="status">A code is on its way. It is good until {momentInWords(issue.data.codeExpiresAt)}.</p>
      )}
    </section>
  );
}
