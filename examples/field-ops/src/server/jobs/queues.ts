import type { Queue } from '@ekbaar/server';

/** What every queue of the operation has: a worker that died is noticed within a minute. */
const ours = { expiresIn: 300, heartbeat: 30, retryDelay: 5 };
const deadLetters = (name: string) => `${name}-dead`;
const minutes = (count: number) => count * 60;

/**
 * The queues, by what is in them. Customers and partners are tried for about a day, and money too; what is only passed on
 * inside this database is done again soon.
 */
export const queues = [
  // To the customer; jobs come from `confirmDelivery`.
  { name: 'sms', ...ours, retries: 20, longestDelay: minutes(60) },
  { name: 'whatsapp', ...ours, retries: 20, longestDelay: minutes(60) },
  // Codes for whoever has forgotten a password: of no use the next day.
  { name: 'email', ...ours, retries: 8, longestDelay: minutes(2) },
  // One for each event, from `confirmDelivery`; it becomes one job of `webhook` for each endpoint that wants to hear of it.
  { name: 'mfi-webhook', ...ours, retries: 20, longestDelay: minutes(10) },
  // The Standard Webhooks specification advises to go on for days: here about two and a half.
  { name: 'webhook', ...ours, retries: 20, longestDelay: minutes(6 * 60) },
  { name: 'payment', ...ours, retries: 25, longestDelay: minutes(60) },
  // What others told us, kept and answered before it is worked on.
  { name: 'incoming', ...ours, retries: 20, longestDelay: minutes(60) },
  // What takes as long as a file is long: those who hold a job say that they live.
  { name: 'settlement', ...ours, expiresIn: minutes(120), retries: 10, longestDelay: minutes(10) },
  { name: 'export', ...ours, expiresIn: minutes(120), retries: 5, longestDelay: minutes(5) },
  // The beat: see schedules.ts.
  { name: 'schedule', ...ours, retries: 3, longestDelay: minutes(10) },
].map((queue): Queue & { readonly name: string; readonly deadLetters: string } => ({
  ...queue,
  deadLetters: deadLetters(queue.name),
}));

export type QueueName =
  | ('sms' | 'whatsapp' | 'email' | 'mfi-webhook' | 'webhook' | 'payment' | 'incoming' | 'schedule')
  | ('settlement' | 'export');

/** All names, those of dead letters too: what ops may look into. */
export const queueNames: readonly string[] = queues.flatMap(({ name, deadLetters: dead }) => [name, dead]);
