import type { ClientOptions } from '@ekbaar/sdk';
import { describeFailure } from './failure.ts';
import type { FieldOpsModel } from './model.ts';

/** What each mutation does at once on the agent's phone, until the server has spoken. */
export const optimistic: NonNullable<ClientOptions<FieldOpsModel>['optimistic']> = {
  confirmDelivery(replica, args, meta) {
    replica.update('deliveries', args.deliveryId, { status: 'confirmed', confirmedAt: meta.at, failReason: null });
  },
  failDelivery(replica, args) {
    replica.update('deliveries', args.deliveryId, { status: 'failed', failReason: describeFailure(args) });
  },
};
