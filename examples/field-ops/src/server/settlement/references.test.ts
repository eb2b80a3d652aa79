import { expect, test } from 'vitest';
import { idsNamed, plainId } from './references.ts';

const named = (reference: string, narration = '') => idsNamed({ reference, narration });

test('the reference is believed whole, whatever it is', () => {
  expect(named('77')).toContain('77');
  expect(named('ab-c')).toContain('ABC');
});

test.for([
  'NEFT/BFIL-PE-00042/RAMESH KUMAR',
  'NEFT-BFIL-PE-00042-RAMESH',
  'neft bfilpe00042 dr',
  'IMPS:P2A:123456:BFIL_PE_00042',
  '(BFIL-PE-00042)',
])('a loan is found in "%s"', (narration) => {
  expect(named('', narration)).toContain(plainId('BFIL-PE-00042'));
});

test('a number alone or a word alone is no id in a narration', () => {
  expect(named('', 'NEFT 123456789 RAMESH b1')).toEqual([]);
});

test('a long narration names no more than a few', () => {
  expect(named('', 'a1b2-'.repeat(5000)).length).toBeLessThanOrEqual(200);
});
