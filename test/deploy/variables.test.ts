import { describe, expect, test } from 'vitest';
import { variables } from '../../examples/field-ops/src/server/config.ts';
import { assignmentsIn, codeOf, deploy, deployFiles, docs, page } from './written-down.ts';

const ours = /\b(?:EKBAAR|DATABASE)_[A-Z][A-Z_]*[A-Z]\b/g;
const namesIn = (text: string) => text.match(ours) ?? [];

describe('environment variables', () => {
  test.each([...docs, ...deployFiles])('$path names none that the field operation does not read', (file) => {
    const text = file.path.endsWith('.md') ? codeOf(file).join('\n') : file.text;
    expect(namesIn(text).filter((name) => !variables.includes(name))).toEqual([]);
  });

  test('that the field operation reads stand in its table, each once', async () => {
    const { text } = await page('docs/field-ops.md');
    const table = text.slice(text.indexOf('| variable |')).split('\n\n')[0] ?? '';
    const named = [...table.matchAll(/^\| ([^|]*) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([A-Z_]+)`/g)].map(([, name = '']) => name),
    );
    expect(named.toSorted()).toEqual(variables.toSorted());
  });

  test('of the `ekbaar` command stand on its page', async () => {
    const sources = await Promise.all(
      ['server/src/cli/open-database.ts', 'server/src/cli/command.ts', 'server/src/cli/main.ts'].map(page),
    );
    const read = new Set(
      sources.flatMap(({ text }) => [...text.matchAll(/environment\['(\w+)'\]/g)]).map(([, name = '']) => name),
    );
    const { text } = await page('docs/cli.md');
    expect([...read].toSorted()).toEqual(['DATABASE_POOLER', 'DATABASE_URL']);
    for (const name of read) expect(text).toContain(`\`${name}`);
  });

  test('of the unit and of its settings are those of the operation', async () => {
    const settings = assignmentsIn((await page(`${deploy}/systemd/field-ops.env.example`)).text);
    const { text: unit } = await page(`${deploy}/systemd/field-ops@.service`);
    const inUnit = [...unit.matchAll(/^Environment=(.*)$/gm)].flatMap(
      ([, all = '']) => all.match(/\b[A-Z_]+(?==)/g) ?? [],
    );
    const unknown = [...settings.keys(), ...inUnit].filter((name) => !variables.includes(name));
    expect(unknown).toEqual([]);
    expect([settings.size > 5, inUnit.length]).toEqual([true, 3]);
  });

  test('of the image are those of the operation', async () => {
    const { text } = await page(`${deploy}/Dockerfile`);
    const set = [...text.matchAll(/^ENV (.*)$/gm)].flatMap(([, all = '']) => all.match(/\b[A-Z_]+(?==)/g) ?? []);
    expect(set).toContain('PORT');
    expect(set.filter((name) => name !== 'PATH' && !variables.includes(name))).toEqual([]);
  });
});
