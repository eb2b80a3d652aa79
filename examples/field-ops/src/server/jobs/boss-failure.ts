import { errorFacts } from '@ekbaar/server';

/** What may be logged of a failure that pg-boss tells of: some of them are copies of an Error, and no Errors any more. */
export function bossFailure(error: Error): Record<string, unknown> {
  return errorFacts(error instanceof Error ? error : Object.assign(new Error(), error));
}
