import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import * as z from 'zod/mini';
import type { AgentPhone } from '../../../src/record-answers.ts';
import { now } from '../../shared/platform.ts';
import { Failed } from '../frame/asked.tsx';
import { useAdministers, useConsole } from '../frame/console-context.ts';
import { Fact } from '../frame/fact.tsx';
import { ReasonForm } from '../frame/reason-form.tsx';
import { agoInWords, momentInWords, spanInWords } from '../frame/units.ts';
import { phoneTroubles } from './phone-troubles.ts';

/** An install of the agent app; one that is lost can be blocked. */
export function PhoneCard({ phone, onChanged }: { phone: AgentPhone; onChanged(): void }) {
  const { api } = useConsole();
  const administers = useAdministers();
  const [asks, setAsks] = useState(false);
  const change = useMutation({
    mutationFn: (what: { do: 'revoke' | 'restore'; why?: string }) =>
      api.post(
        `/auth/phones/${encodeURIComponent(phone.id)}/${what.do}`,
        z.unknown(),
        what.why === undefined ? {} : { why: what.why },
      ),
    onSuccess: () => {
      setAsks(false);
      onChanged();
    },
  });
  const troubles = phoneTroubles(phone);
  return (
    <article className="card" data-testid="phone" data-revoked={phone.revokedAt !== null}>
      <div className="card-top">
        <h2>{phone.name}</h2>
        {troubles.map((trouble) => (
          <span key={trouble} className="tag" data-tone="attention">
            {trouble}
          </span>
        ))}
      </div>
      <dl>
        <Fact name="Last seen">{agoInWords(phone.lastSeenAt, now())}</Fact>
        <Fact name="Unsent then">{phone.unsent ?? 'not said'}</Fact>
        <Fact name="Model version">{phone.model ?? 'not said'}</Fact>
        <Fact name="Clock error">{phone.clockErrorMs === null ? 'not said' : spanInWords(phone.clockErrorMs)}</Fact>
        <Fact name="First seen">{momentInWords(phone.firstSeenAt)}</Fact>
        <Fact name="Client id">{phone.clientIds.at(-1) ?? 'none yet'}</Fact>
        {phone.revokedAt !== null && (
          <Fact name="Blocked">
            {momentInWords(phone.revokedAt)} by {phone.revokedBy}: {phone.revokedWhy}
          </Fact>
        )}
      </dl>
      {change.isError && <Failed error={change.error} />}
      {administers && phone.revokedAt !== null && (
        <button type="button" disabled={change.isPending} onClick={() => change.mutate({ do: 'restore' })}>
          Let it sign in again
        </button>
      )}
      {administers && phone.revokedAt === null && !asks && (
        <button type="button" className="danger" data-testid="revoke" onClick={() => setAsks(true)}>
          Block this phone…
        </button>
      )}
      {asks && (
        <ReasonForm
          label="Why it is blocked"
          placeholder="Reason, such as: lost"
          maxLength={200}
          act="Block"
          look="danger"
          testId="revoke-now"
          busy={change.isPending}
          onSubmit={(why) => change.mutate({ do: 'revoke', why })}
          onLeave={() => setAsks(false)}
        />
      )}
    </article>
  );
}
