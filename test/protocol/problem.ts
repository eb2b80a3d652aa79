import { Problem, type ProblemCode, problems } from '@ekbaar/sdk/protocol';
import { expect } from 'vitest';
import type { HttpAnswer } from '../support/http-client.ts';

/** Expects an RFC 9457 problem of this code, with the status that the list of codes has for it. */
export function expectProblem(answer: HttpAnswer, code: ProblemCode): Problem {
  const { status, code: said } = (answer.body ?? {}) as Partial<Problem>;
  expect({ status: answer.status, said }, answer.text.slice(0, 500)).toEqual({
    status: problems[code].status,
    said: code,
  });
  expect(status).toBe(answer.status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  const problem = Problem.parse(answer.body);
  expect(problem.requestId).toBe(answer.headers.get('x-request-id'));
  return problem;
}
