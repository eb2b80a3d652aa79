import type * as protocol from '../protocol/index.ts';
import {
  type Is,
  isAnything,
  isCount,
  isFlag,
  isInteger,
  isRecord,
  isText,
  listOf,
  nullable,
  oneOf,
  optional,
  recordOf,
  shapeOf,
} from './shape.ts';

/*
 * What the device checks of what it hears: that everything it works with is there and of the right kind. The protocol's
 * own schemas say more (formats, limits), and that is for servers to keep: a newer one may send more at once, and phones of
 * today must not refuse it.
 */

const outcome = {
  status: oneOf('applied', 'rejected', 'dead'),
  result: isAnything,
  error: optional(shapeOf<protocol.MutationError>({ code: isText, message: isText, details: isAnything })),
};
export const isOutcome = shapeOf<protocol.Outcome>(outcome);

/** By name and not by a list of names: an answer has thousands, which a phone checks several times faster so. */
const isChange: Is<protocol.Change> = (value): value is protocol.Change => {
  if (!isRecord(value)) return false;
  const { scope, collection, id, version, tag, row } = value;
  const isNamed = isText(scope) && isText(collection) && isText(id);
  return isNamed && isCount(version) && isCount(tag) && (row === null || isRecord(row));
};

export const isAnswer = shapeOf<protocol.SyncResponse>({
  request: isText,
  serverTime: isText,
  receipts: listOf(shapeOf<protocol.Receipt>({ ...outcome, id: isCount, key: isText, replayed: isFlag })),
  stopped: nullable(
    shapeOf<protocol.Stopped>({
      id: isCount,
      code: oneOf('gap', 'forked', 'server_outdated', 'halted'),
      expected: optional(isCount),
      retryAfterMs: optional(isCount),
    }),
  ),
  delta: shapeOf<protocol.SyncResponse['delta']>({
    lastMutationId: isCount,
    changes: listOf(isChange),
    scopes: recordOf(
      shapeOf<protocol.ScopeState>({ version: isCount, rows: optional(isCount), checksum: optional(isText) }),
    ),
    reset: listOf(isText),
    dropped: listOf(isText),
    cursor: isText,
    more: isFlag,
  }),
});

export const isPoke = shapeOf<protocol.Poke>({ scopes: recordOf(isCount) });

/** What the device reads of a problem document. */
export type Problem = Pick<protocol.Problem, 'status' | 'code' | 'title' | 'detail'>;
export const isProblem = shapeOf<Problem>({
  status: isInteger,
  code: isText,
  title: isText,
  detail: optional(isText),
});

/** What a text says, when it is JSON of that shape. */
export function readAs<T>(is: Is<T>, text: string): T | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return is(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
