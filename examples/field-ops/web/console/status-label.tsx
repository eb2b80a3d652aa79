import { DeliveryStatus } from '../../src/model.ts';
import { statusInWords } from './status-words.ts';

const signs: Readonly<Record<DeliveryStatus, string>> = { pending: '○', confirmed: '✓', failed: '✕', cancelled: '–' };

/** One that another program wrote has its own word, and no sign. */
export function StatusLabel({ status }: { status: string }) {
  const known = DeliveryStatus.safeParse(status);
  return (
    <span className="status" data-status={status}>
      {known.success && <span aria-hidden="true">{signs[known.data]}</span>} {statusInWords(status)}
    </span>
  );
}
