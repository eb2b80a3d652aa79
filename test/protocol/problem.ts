import { Problem, type ProblemCode, problems } from '@ekbaar/sdk/protocol';
import type { HttpAnswer } from '../support/http-client.ts';

/**
 * The RFC 9457 problem in an answer, whose status is the one that the list of codes has for it.
 *
 * @throws Error when the answer is none
 */
export function problemIn({ status, headers, text, body }: HttpAnswer): Problem {
  const parsed = Problem.safeParse(body);
  const code = parsed.data?.code;
  const fits =
    parsed.success &&
    headers.get('content-type') === 'application/problem+json' &&
    headers.get('x-request-id') === parsed.data.requestId &&
    parsed.data.status === status &&
    status === problems[code as ProblemCode]?.status;
  if (!fits) throw new Error(`no problem of the protocol: ${status} ${text.slice(0, 500)}`);
  return parsed.data;
}
