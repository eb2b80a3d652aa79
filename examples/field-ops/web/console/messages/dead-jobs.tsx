import { type Job, Jobs } from '../../../src/message-answers.ts';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import * as z from 'zod/mini';
import { Failed } from '../frame/asked.tsx';
import { useConsole } from '../frame/console-context.ts';
import { Fact } from '../frame/fact.tsx';
import { PagesEnd } from '../frame/pages-end.tsx';
import { ReasonForm } from '../frame/reason-form.tsx';
import { Link } from '../frame/router.tsx';
import { momentInWords } from '../frame/units.ts';
import { usePages } from '../frame/use-pages.ts';

/** Jobs that were refused or tried too often, and that nobody has dealt with. */
export function DeadJobs() {
  const { pages, list } = usePages('/api/v1/jobs/dead-letters?limit=100', Jobs, 10_000);
  const jobs = pages.flatMap((page) => page.jobs);
  return (
    <>
      {jobs.length > 0 && (
        <p className="dim">
          Money with an unknown outcome is asked about first. An SMS or WhatsApp message with an unknown outcome is sent
          again: find out before you try again.
        </p>
      )}
      <ul className="stack">
        {jobs.map((job) => (
          <li key={job.id}>
            <DeadJob job={job} onChanged={() => void list.refetch()} />
          </li>
        ))}
      </ul>
      <PagesEnd
        list={list}
        count={jobs.length}
        empty="No job waits for anybody: all that was to be sent was sent, or is still being tried."
        more="Earlier ones"
      />
    </>
  );
}

function DeadJob({ job, onChanged }: { job: Job; onChanged(): void }) {
  const { api } = useConsole();
  const [asks, setAsks] = useState(false);
  const path = `/api/v1/jobs/dead-letters/${encodeURIComponent(job.queue)}/${job.id}`;
  const act = useMutation({
    mutationFn: (what: { readonly to: 'retry' | 'close'; readonly body: object }) =>
      api.post(`${path}/${what.to}`, z.unknown(), what.body),
    onSettled: onChanged,
  });
  return (
    <article className="card" data-testid="dead-job" data-id={job.id}>
      <div className="card-top">
        <h2>{job.source ?? job.queue}</h2>
        <span className="tag" data-tone="attention">
          {job.tries} {job.tries === 1 ? 'try' : 'tries'}
        </span>
        <time dateTime={job.createdAt}>{momentInWords(job.createdAt)}</time>
      </div>
      <dl>
        <Fact name="Why">{job.reason ?? 'not known'}</Fact>
        {job.deliveryId !== null && (
          <Fact name="Delivery">
            <Link to={`/deliveries/${encodeURIComponent(job.deliveryId)}`}>{job.deliveryId}</Link>
          </Fact>
        )}
        {job.messageId !== null && (
          <Fact name="Message">
            <Link to={`/messages/${encodeURIComponent(job.messageId)}`}>Its tries</Link>
          </Fact>
        )}
      </dl>
      {act.isError && <Failed error={act.error} />}
      {!asks ? (
        <div className="inline">
          <button
            type="button"
            className="main"
            data-testid="retry-job"
            disabled={act.isPending}
            onClick={() => act.mutate({ to: 'retry', body: {} })}
          >
            Try again
          </button>
          <button type="button" data-testid="close-job" onClick={() => setAsks(true)}>
            Give it up…
          </button>
        </div>
      ) : (
        <ReasonForm
          label="Why it is given up"
          placeholder="Reason, such as: told by telephone"
          act="Give it up"
          look="danger"
          testId="close-job-now"
          busy={act.isPending}
          onSubmit={(reason) => act.mutate({ to: 'close', body: { reason } })}
          onLeave={() => setAsks(false)}
        />
      )}
    </article>
  );
}
