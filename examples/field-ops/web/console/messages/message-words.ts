import { type Channel, channels, type MessageStatus, type PayoutStatus } from '../../../src/message-answers.ts';

export const channelWords: Readonly<Record<Channel, string>> = {
  sms: 'SMS',
  whatsapp: 'WhatsApp',
  email: 'E-mail',
  webhook: 'Webhook',
  payout: 'Payout',
};

/** One that the console does not know keeps its name. */
export function channelInWords(name: string): string {
  const channel = channels.find((one) => one === name);
  return channel === undefined ? name : channelWords[channel];
}

export const statusWords: Readonly<Record<MessageStatus, string>> = {
  waiting: 'Waiting',
  sending: 'Being sent',
  sent: 'Sent',
  delivered: 'Delivered',
  undelivered: 'Not delivered',
  refused: 'Refused',
  exhausted: 'Tried too often',
  unknown: 'Outcome unknown',
  skipped: 'No provider',
  closed: 'Given up',
};

const bad: readonly string[] = ['undelivered', 'refused', 'exhausted', 'unknown', 'failed', 'reversed'];
const good: readonly string[] = ['sent', 'delivered', 'paid', 'processed'];

/** How a state is shown. */
export function toneOf(status: string): 'good' | 'attention' | undefined {
  return good.includes(status) ? 'good' : bad.includes(status) ? 'attention' : undefined;
}

export const payoutWords: Readonly<Record<PayoutStatus, string>> = {
  requested: 'Requested',
  accepted: 'Accepted',
  processing: 'Processing',
  paid: 'Paid',
  cancelled: 'Cancelled',
  failed: 'Failed',
  reversed: 'Reversed',
};

/** Webhooks that can be sent once more. */
export const replayable: readonly MessageStatus[] = [
  ...(['sent', 'delivered', 'undelivered', 'refused', 'exhausted', 'unknown', 'closed'] as const),
];
