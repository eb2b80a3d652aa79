import { expect, test } from 'vitest';
import { model } from '../testing/model.ts';
import { checkQuery } from './check-query.ts';
import type { PlainQuery } from './query.ts';

test.for<[string, object]>([
  ['limit cannot be -1', { limit: -1 }],
  ['limit cannot be NaN', { limit: NaN }],
  ['limit cannot be 5', { limit: '5' }],
  ['there is no field statsu', { where: { statsu: 'pending' } }],
  ['there is no field amount', { orderBy: ['status', '-amount'] }],
  ['there is no field amount', { orderBy: { field: 'amount' } }],
  ['there is no operator amountPaise.ne', { where: { amountPaise: { ne: 5 } } }],
  ['there is no operator amountPaise.gte', { where: { amountPaise: { in: [1], gte: 5 } } }],
  ['amountPaise.gte cannot be NaN', { where: { amountPaise: { gte: NaN } } }],
  ['amountPaise.lt cannot be null', { where: { amountPaise: { lt: null } } }],
  ['amountPaise cannot be NaN', { where: { amountPaise: NaN } }],
  ['status.in cannot be pending', { where: { status: { in: 'pending' } } }],
  ['there is no status', { status: 'pending' }],
  ['there is no offset', { limit: 5, offset: 5 }],
  ['status cannot be ', { where: { status: [] } }],
  ['status cannot be Thu', { where: { status: new Date(0) } }],
])('%s', ([message, query]) => {
  const check = () => checkQuery(model, 'deliveries', query as PlainQuery);
  expect(check).toThrow(TypeError);
  expect(check).toThrow(`Query of deliveries: ${message}`);
});

test.for<PlainQuery>([
  {},
  { limit: 0 },
  { limit: Infinity },
  { where: undefined, orderBy: undefined, limit: undefined },
  { where: { status: null, id: undefined, amountPaise: {} } },
  { where: { status: { in: [] }, amountPaise: { gte: undefined, lt: -0.5 } }, orderBy: ['-status', { field: 'id' }] },
])('%j can be asked', (query) => {
  expect(() => checkQuery(model, 'deliveries', query)).not.toThrow();
});
