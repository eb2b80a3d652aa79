import { describe, expect, test } from 'vitest';
import { type BankLine, bankLines, NoHeader } from './bank-lines.ts';
import { longestLine } from './text-lines.ts';

const header = 'Value Date,UTR No.,Reference,Amount';
const line = '22/11/2026,SBIN0001,b0001,"1,23,456.50"';

/** @param pieceBytes how much comes at a time */
async function read(file: string | Uint8Array, pieceBytes = 7): Promise<BankLine[]> {
  const bytes = typeof file === 'string' ? Buffer.from(file) : file;
  async function* pieces() {
    for (let from = 0; from < bytes.length; from += pieceBytes) {
      yield await Promise.resolve(bytes.subarray(from, from + pieceBytes));
    }
  }
  const lines: BankLine[] = [];
  for await (const found of bankLines(pieces(), '2026-11-25')) lines.push(found);
  return lines;
}

/** What a person would note down of a file. */
async function noted(file: string | Uint8Array, pieceBytes?: number) {
  return (await read(file, pieceBytes)).map(({ no, read: found }) => {
    if (found.kind === 'payment')
      return [no, found.bankRef, found.reference, found.amountPaise, found.side, found.day] as const;
    return found.kind === 'unreadable' ? ([no, found.why] as const) : ([no] as const);
  });
}
const payment = [2, 'SBIN0001', 'b0001', 12_345_650, 'out', '2026-11-22'];
const utf16 = (text: string, bigEndian = false) => {
  const bytes = Buffer.from(text, 'utf16le');
  return bigEndian ? bytes.swap16() : bytes;
};

describe('the same two lines, as different programs write them', () => {
  const text = `${header}\r\n${line}\r\n`;
  const files: Readonly<Record<string, string | Uint8Array>> = {
    'UTF-8 with CRLF': text,
    'with a byte order mark': `\ufeff${text}`,
    'with LF': text.replaceAll('\r\n', '\n'),
    'with CR': text.replaceAll('\r\n', '\r'),
    'without a line end at the end': text.trimEnd(),
    'UTF-16 LE with a mark': utf16(`\ufeff${text}`),
    'UTF-16 BE with a mark': utf16(`\ufeff${text}`, true),
    'UTF-16 LE without': utf16(text),
    'UTF-16 BE without': utf16(text, true),
    'with semicolons': 'Value Date;UTR No.;Reference;Amount\r\n22/11/2026;SBIN0001;b0001;1,23,456.50\r\n',
    'with tabs': `Value Date\tUTR No.\tReference\tAmount\r\n22-Nov-2026\tSBIN0001\tb0001\t1,23,456.50\r\n`,
    'with bars': 'Value Date|UTR No.|Reference|Amount\n22.11.2026|SBIN0001|b0001|₹1,23,456.50 Dr\n',
    'all in quotes': '"Value Date","UTR No.","Reference","Amount"\n"22/11/26","SBIN0001","b0001","1,23,456.50"\n',
    'as a spreadsheet saved it': `${header}\n22/11/2026,"=""SBIN0001""",'b0001,123456.5\n`,
    'headed in capitals': text
      .replace(header, 'VALUE_DATE,utr number,REF. NO.,"TXN AMOUNT (INR)"')
      .replace(' (INR)', ''),
    'with a debit and a credit': 'Date,UTR,Ref No,Debit,Credit\n22/11/2026,SBIN0001,b0001,"1,23,456.50",0.00\n',
    'with a side': 'Date,UTR,Ref No,Amount,Dr/Cr\n22/11/2026,SBIN0001,b0001,"1,23,456.50",DR\n',
  };
  test.for(Object.entries(files))('%s', async ([, file]) => {
    for (const pieceBytes of [1, 2, 3, 64, 10_000]) expect(await noted(file, pieceBytes)).toEqual([[1], payment]);
  });
});

test('what is around the payments is layout, wherever it stands', async () => {
  const file = [
    ...['State Bank of India', 'Account,0001234', '', header, line, header, ',,,', line],
    ...['Grand Total,,,"2,46,913.00"', 'Closing Balance,,,1.00', '*** End of statement ***'],
  ].join('\n');
  const lines = await read(file);
  expect(lines.map(({ read: found }) => found.kind)).toEqual([
    ...['layout', 'layout', 'layout', 'layout', 'payment', 'layout', 'layout', 'payment'],
    ...['layout', 'layout', 'layout'],
  ]);
  expect(lines.map(({ raw }) => raw).join('\n')).toBe(file);
});

test('a line that cannot be read says why, and the next one is read', async () => {
  const rows = [
    '22/11/2026,U1,b0001,',
    '22/11/2026,U1,b0001,1,23,456',
    '22/11/2026,U1,b0001,"1,23,45.00"',
    '11/22/2026,U1,b0001,500',
    '22/11/2062,U1,b0001,500',
    '22/11/2026,,,500',
    '22/11/2026,U1,b0001',
    '22/11/2026,U1,"b0001,500',
    '22/11/2026,U2,b0002,500',
    `22/11/2026,U3,${'x'.repeat(longestLine)},500`,
  ];
  expect(await noted([header, ...rows].join('\n'))).toEqual([
    [1],
    [2, 'there is no amount'],
    // One rupee: the rest is more cells than the header has. A quote is missing, and it must not pass for ₹1.
    [3, 'it has more cells than the header'],
    [4, '"1,23,45.00" is no amount'],
    [5, '"11/22/2026" is no day as dd/mm/yyyy'],
    [6, 'the day 2062-11-22 is yet to come'],
    [7, 'there is no reference'],
    [8, 'there is no amount'],
    [9, 'a quote is opened and not closed'],
    [10, 'U2', 'b0002', 50_000, 'out', '2026-11-22'],
    [11, `it is longer than ${longestLine} characters`],
  ]);
});

test('a payment that has the words of a header in it is a payment', async () => {
  expect(await noted('Date;UTR;Reference;Amount;Dr/Cr\n22/11/2026;UTR;b0001;500;DR')).toEqual([
    [1],
    [2, 'UTR', 'b0001', 50_000, 'out', '2026-11-22'],
  ]);
});

test('a quoted cell may have line breaks, quotes and separators', async () => {
  const file = `Date,UTR,Narration,Amount\r\n22/11/2026,U1,"NEFT ""b0001""\r\nRamesh, Gaya",500\r\n22/11/2026,U2,12" pipes b0002,600`;
  const lines = await read(file);
  expect(lines.map(({ no, read: found }) => (found.kind === 'payment' ? [no, found.narration] : [no]))).toEqual([
    [1],
    [2, 'NEFT "b0001"\nRamesh, Gaya'],
    [4, '12" pipes b0002'],
  ]);
});

test('money that comes back is told from money that goes out, and from money that has not gone yet', async () => {
  const file = [
    'Date,UTR,Ref,Amount,Type,Status',
    '22/11/2026,U1,b1,500,Cr,',
    '22/11/2026,U2,b2,-500,NEFT,',
    '22/11/2026,U3,b3,500,IMPS,Returned',
    '22/11/2026,U4,b4,500,IMPS,SUCCESS',
    '22/11/2026,U5,b5,500,IMPS,In process',
    '22/11/2026,U6,b6,500 Cr,Dr,',
  ].join('\n');
  expect((await noted(file)).map((found) => found[4] ?? found[1])).toEqual([
    ...[undefined, 'back', 'back', 'back', 'out'],
    'the bank has not paid it yet: status "In process"',
    'the amount says credit, the column debit',
  ]);
});

test('a line that is no UTF-8 is read as Windows-1252, and what no database can keep is replaced', async () => {
  const file = Buffer.concat([
    Buffer.from(`${header.replace('Reference', 'Narration')}\n22/11/2026,U1,`),
    Buffer.from([0x93, 0x62, 0x31, 0x94, 0x00]),
    Buffer.from(',500\n22/11/2026,U2,गया b2,500'),
  ]);
  const lines = await read(file);
  expect(lines.map(({ raw }) => raw).slice(1)).toEqual(['22/11/2026,U1,“b1”\ufffd,500', '22/11/2026,U2,गया b2,500']);
});

test('the same payment told again has the same content; the payments of one batch have not', async () => {
  const file = `${header}\n${line}\n22-Nov-26, SBIN0001 ,B-0001,₹123456.50\n22/11/2026,SBIN0001,b0002,"1,23,456.50"`;
  const [, first, again, other] = (await read(file)).map(({ content }) => content);
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});

test('payments that differ only in words of another script are two; the same words in another encoding are not', async () => {
  const names = ['राम', 'राम ', 'श्याम', 'রাম', 'José', 'Jose\u0301', 'Jose'];
  const file = ['Date,Narration,Amount', ...names.map((name) => `22/11/2026,${name} b0001,500`)].join('\n');
  const [, ram, again, shyam, bengali, accent, combined, plain] = (await read(file)).map(({ content }) => content);
  expect([again, combined]).toEqual([ram, accent]);
  expect(new Set([ram, shyam, bengali, accent, plain]).size).toBe(5);
});

test('the content of a payment stays what it was: by it, what has been settled is known again', async () => {
  const [, first] = (
    await read(`${header.replace('Reference', 'Narration')}\n${line.replace('b0001', 'NEFT/b-0001 Gaya')}`)
  ).map(({ content }) => content);
  expect(first).toBe('429996220557f02f065e547e2a15b7be');
});

test.for(['', 'a,b\n1,2\n', 'PK\u0003\u0004 an xlsx', '{"json": true}', 'Date,Balance\n22/11/2026,5'])(
  '%j is no bank’s file',
  async (file) => {
    await expect(read(file)).rejects.toThrow(NoHeader);
  },
);

test('a payment without a reference of the bank’s gets one that fits the mutation, and so does one with too long a one', async () => {
  const file = `Date,UTR,Ref,Amount\n22/11/2026,-,b0001,500\n22/11/2026,${'U'.repeat(100)},b0002,500`;
  const refs = (await read(file)).flatMap(({ read: found }) => (found.kind === 'payment' ? [found.bankRef] : []));
  expect(refs).toHaveLength(2);
  for (const ref of refs) expect(ref).toMatch(/^.{10,64}$/);
});
