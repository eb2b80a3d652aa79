import type { DeliveryStatus } from '../../src/model.ts';
import { statusWords } from './status-words.ts';

const signs: Readonly<Record<DeliveryStatus, string>> = { pending: '○', confirmed: '✓', failed: '✕', cancelled: '–' };

export function StatusLabel({ status }: { status: DeliveryStatus }) {
  return (
    <span className="status" data-status={status}>
      <span aria-hidden="true">{signs[status]}</span> {statusWords[status]}
    </span>
  );
}
