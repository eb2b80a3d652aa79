import type { AgentClient } from './client.ts';
import { useLanguage } from './i18n/language.tsx';
import { lineInWords } from './line-in-words.ts';
import { useMinute, useStatus } from './use-status.ts';

interface SyncBarProps {
  client: AgentClient;
  /** Whether the whole app is on this phone. */
  kept: boolean;
  /** How many entries the server refused that nobody has dealt with. */
  refused: number;
  onRefused(): void;
}

/** Always in sight: what is not sent yet and since when, what was refused, whether there is a network, and how fresh the list is. */
export function SyncBar({ client, kept, refused, onRefused }: SyncBarProps) {
  const { t, time } = useLanguage();
  const status = useStatus(client);
  const minute = useMinute();
  const { pending, oldestUnsentAt, lastSyncedAt, online, lastError } = status;

  const unsent = pending === 0 ? t.bar.allSent : t.bar.unsent(pending);
  const blocked = status.updateRequired ? t.bar.updateRequired : status.needsToken && online ? t.bar.needsToken : null;
  const kind = pending > 0 ? 'unsent' : online && !lastError ? 'sent' : 'offline';

  return (
    <section
      aria-label={t.bar.label}
      className="bar"
      data-testid="unsent-bar"
      data-count={pending}
      data-online={online}
      data-kind={kind}
    >
      <div className="bar-texts">
        <p aria-live="polite">
          <strong>
            <span aria-hidden="true">{pending === 0 ? '✓ ' : '↑ '}</span>
            {unsent}
          </strong>
          {oldestUnsentAt !== null && pending > 0 && ` ${t.bar.since(time.at(oldestUnsentAt, minute))}`}
        </p>
        <p className="bar-line">
          <span>{lineInWords(status, t)}</span>
          <span aria-hidden="true"> · </span>
          <span>{lastSyncedAt === null ? t.bar.neverSynced : t.bar.synced(time.at(lastSyncedAt, minute))}</span>
        </p>
        {!kept && (
          <p className="bar-line" data-testid="not-kept">
            {t.bar.keeping}
          </p>
        )}
        {blocked !== null && <p role="alert">{blocked}</p>}
      </div>
      {refused > 0 && (
        <button type="button" className="refused" data-testid="refused" onClick={onRefused}>
          <span aria-hidden="true">! </span>
          {t.bar.refused(refused)}
        </button>
      )}
      {pending > 0 && online && (
        // The try's failure shows in the bar itself.
        <button type="button" onClick={() => void client.sync().catch(() => undefined)}>
          {t.bar.syncNow}
        </button>
      )}
    </section>
  );
}
