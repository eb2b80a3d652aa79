import { collection } from '../../sdk/src/model/index.ts';
import { model, type TestModel } from '../../sdk/src/testing/model.ts';

/** The same with an index more. */
const next = {
  ...model,
  version: 2,
  collections: {
    ...model.collections,
    deliveries: collection({ ...model.collections.deliveries, key: 'id', indexes: ['status', 'amountPaise'] }),
  },
} as unknown as TestModel;

/** The app's model, and its next one, by their versions. */
export const models: Readonly<Record<1 | 2, TestModel>> = { 1: model, 2: next };
