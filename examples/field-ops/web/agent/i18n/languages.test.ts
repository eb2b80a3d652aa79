import { describe, expect, it } from 'vitest';
import { rupeesText } from '../../shared/rupees.ts';
import * as en from './en.ts';
import * as hi from './hi.ts';
import * as mr from './mr.ts';
import { countedIn } from './plural.ts';

const read = async (
  language: Pick<typeof en, 'messages'> & { loadWords(): Promise<{ toCurrency(rupees: string): string }> },
  paise: number,
) => (await language.loadWords()).toCurrency(rupeesText(paise));

describe('amounts in words', () => {
  it.each([
    [100, 'One Rupee Only', 'एक रुपया', 'एक रुपया'],
    [124_000, 'One Thousand Two Hundred Forty Rupees Only', 'एक हज़ार दो सौ चालीस रुपये', 'एक हजार दोनशे चाळीस रुपये'],
    [12_500_000, 'One Lakh Twenty Five Thousand Rupees Only', 'एक लाख पच्चीस हज़ार रुपये', 'एक लाख पंचवीस हजार रुपये'],
    [1_010_000_000, 'One Crore One Lakh Rupees Only', 'एक करोड़ एक लाख रुपये', 'एक कोटी एक लाख रुपये'],
    [50_029, 'Five Hundred Rupees And Twenty Nine Paise Only', 'पांच सौ रुपये और उनतीस पैसे', 'पाचशे रुपये आणि एकोणतीस पैसे'],
  ])('reads %i paise', async (paise, english, hindi, marathi) => {
    expect([await read(en, paise), await read(hi, paise), await read(mr, paise)]).toEqual([english, hindi, marathi]);
  });
});

describe('counted phrases', () => {
  it('follow each language, with digits grouped as in India', () => {
    const forms = { one: '# entry', other: '# entries' };
    expect([0, 1, 2, 123_456].map((n) => countedIn('en')(n, forms))).toEqual([
      ...['0 entries', '1 entry', '2 entries', '1,23,456 entries'],
    ]);
    // In Hindi nothing counts as one thing does.
    expect([0, 1, 2].map((n) => countedIn('hi')(n, forms))).toEqual(['0 entry', '1 entry', '2 entries']);
  });

  it('have something for every text: none is left in English', () => {
    const texts = (of: object, path = ''): [string, string][] =>
      Object.entries(of).flatMap(([name, value]: [string, unknown]) =>
        typeof value === 'string'
          ? [[`${path}${name}`, value] as [string, string]]
          : typeof value === 'object' && value !== null
            ? texts(value, `${path}${name}.`)
            : [],
      );
    const english = new Map(texts(en.messages));
    for (const { messages } of [hi, mr]) {
      const same = texts(messages).filter(([path, text]) => english.get(path) === text);
      expect(same).toEqual([]);
      expect(texts(messages).filter(([, text]) => !/\p{Script=Devanagari}/u.test(text))).toEqual([]);
    }
  });
});
