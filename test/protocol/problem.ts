import { Problem, type ProblemCode, problems } from '@ekbaar/sdk/protocol';
import { expect } from 'vitest';
import type { HttpAnswer } from '../support/http-client.ts';

/** Expects an RFC 9457 problem of this code, with the status that the list of codes has for it. */
export function expectProblem(answer: HttpAnswer, code: ProblemCode): Problem {
  expect(answer.body, answer.text).toMatchObject({ code, status: problems[code].status });
  expect(answer.status).toBe(problems[code].status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  const problem = Problem.parse(answer.body);
  expect(problem.requestId).toBe(answer.headers.get('x-request-id'));
  return problem;
}
