import type { AgentPhone } from '../../../src/record-answers.ts';
import { spanInWords } from '../frame/units.ts';

/** Beyond this a phone's times say little about when something was. */
const mostClockErrorMs = 120_000;

/** What somebody should look after, in words. */
export function phoneTroubles({ revokedAt, unsent, clockErrorMs }: AgentPhone): string[] {
  return [
    ...(revokedAt === null ? [] : ['Blocked']),
    ...((unsent ?? 0) > 0 ? [`had ${unsent} unsent`] : []),
    ...(clockErrorMs !== null && Math.abs(clockErrorMs) > mostClockErrorMs
      ? [`Clock ${spanInWords(Math.abs(clockErrorMs))} ${clockErrorMs > 0 ? 'fast' : 'slow'}`]
      : []),
  ];
}
