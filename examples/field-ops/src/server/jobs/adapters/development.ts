import type { Queryable } from '@ekbaar/server';
import type { Port } from '../port.ts';
import type { Channel } from '../../../message-answers.ts';
import { messagesSent } from '../tables.ts';

/**
 * For development: "sends" into the table `messages_sent`. Like a good gateway it knows a key that came before.
 *
 * @param shown what of a request is its recipient, and what its text
 */
export function developmentPort<Request>(
  { db, clock }: { readonly db: Queryable; readonly clock: () => Date },
  tenant: string,
  channel: Channel,
  shown: (request: Request) => { readonly recipient: string; readonly body: string },
): Port<Request> & Required<Pick<Port<Request>, 'find'>> {
  return {
    provider: 'development',
    afterUnknown: 'repeat',
    async act(request, { key }) {
      await db
        .insert(messagesSent)
        .values({ tenant, id: key, channel, at: clock(), ...shown(request) })
        .onConflictDoNothing();
      return { outcome: 'done', providerId: `dev_${key}`, report: { status: 'processing' } };
    },
    find: (_request, { key }) =>
      Promise.resolve({ outcome: 'done', providerId: `dev_${key}`, report: { status: 'processing' } }),
  };
}
