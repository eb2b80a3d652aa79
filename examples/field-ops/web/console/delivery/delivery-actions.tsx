import { useState } from 'react';
import type { ListedDelivery } from '../../../src/record-answers.ts';
import { useOperates } from '../frame/console-context.ts';
import { isKnown } from '../status-words.ts';
import { BulkBar } from '../deliveries/bulk-bar.tsx';

/** What ops can do to a delivery that is still to do: the same as to many. */
export function DeliveryActions({ delivery, onDone }: { delivery: ListedDelivery; onDone(): void }) {
  const operates = useOperates();
  const [asked, setAsked] = useState(false);
  if (!operates) return null;
  if (!asked && (delivery.status !== 'pending' || !isKnown(delivery))) return null;
  if (!asked)
    return (
      <p>
        <button type="button" data-testid="change-delivery" onClick={() => setAsked(true)}>
          Assign or cancel…
        </button>
      </p>
    );
  return <BulkBar selected={[delivery]} onClear={() => setAsked(false)} onDone={onDone} />;
}
