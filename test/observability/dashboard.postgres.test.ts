import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nodePlatform, openDatabase } from '@ekbaar/server';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { openProviders } from '../../examples/field-ops/src/server/jobs/providers.ts';
import { type JobWorker, startWorker } from '../../examples/field-ops/src/server/jobs/job-worker.ts';
import { root } from '../deploy/written-down.ts';
import { addDelivery, confirm } from '../protocol/delivery.ts';
import { device } from '../protocol/device.ts';
import { type FieldOps, startFieldOps } from '../support/field-ops.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { readPromql } from './promql.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

const textOf = (path: string) => readFile(join(root, 'examples/field-ops/deploy', path), 'utf8');
const dashboard = JSON.parse(await textOf('grafana/field-ops.json')) as {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
};
const { groups } = parse(await textOf('prometheus/alerts.yml')) as {
  groups: { rules: { alert: string; expr: string; for?: string; annotations: { summary: string } }[] }[];
};
const rules = groups.flatMap((group) => group.rules);
const expressions = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ of: title, expr }))),
  ...rules.map(({ alert, expr }) => ({ of: alert, expr })),
];

let database: FreshDatabase;
let fieldOps: FieldOps;
let worker: JobWorker;
/** Name → kind and labels of everything that a node and a worker serve. */
let served: Map<string, { kind: string; labels: Set<string> }>;

beforeAll(async () => {
  database = await freshDatabase();
  fieldOps = await startFieldOps({ url: database.url, demo: { agents: 1, deliveries: 4 } });
  const own = await openDatabase({ url: database.url });
  const platform = { ...nodePlatform, log: { info: () => {}, error: () => {} } };
  worker = await startWorker({
    ...{ database: own, engine: fieldOps.server.engine, platform, concurrency: 2, trackDays: 92, auditDays: 400 },
    providers: openProviders({
      ...{ config: {}, development: true, allowedAddresses: [], timeoutMs: 1000 },
      ...{ db: own.db, clock: nodePlatform.clock },
    }),
    pollSeconds: 0.5,
  });
  // Something of everything that has a label only when it happens.
  const phone = device(fieldOps, await fieldOps.token('a01', 'agent'));
  const delivery = await addDelivery(fieldOps);
  await phone.mutate(confirm(delivery));
  await phone.mutate(confirm({ ...delivery, amountPaise: 1 }));
  await fieldOps.get('/v1/pull', await fieldOps.token('a01', 'agent'));
  await vi.waitFor(
    async () => expect(await worker.metrics.metrics()).toMatch(/^field_ops_attempts_total\{.*sms/m),
    60_000,
  );
  served = readServed(`${(await fieldOps.get('/metrics', null)).text}\n${await worker.metrics.metrics()}`);
});
afterAll(async () => {
  await worker?.stop();
  await fieldOps?.close();
  await database?.drop();
});

/** What is wrong with an expression, seen from what is served. */
function faultsOf(expr: string): string[] {
  const { metrics, groupedBy } = readPromql(expr);
  const faults = metrics.flatMap(({ name, labels, counted }) => {
    if (name === 'up') return [];
    const found = served.get(name);
    if (found === undefined) return [`${name} is not served`];
    const wrong = labels.filter((label) => !found.labels.has(label)).map((label) => `${name} has no label ${label}`);
    if (counted === (found.kind === 'counter')) return wrong;
    return [
      ...wrong,
      `${name} is a ${found.kind}${counted ? ', and a rate of it says nothing' : ': take a rate of it'}`,
    ];
  });
  const known = new Set(metrics.flatMap(({ name }) => [...(served.get(name)?.labels ?? [])]));
  return [...faults, ...groupedBy.filter((label) => !known.has(label)).map((label) => `grouped by ${label}`)];
}

describe('examples/field-ops/deploy/grafana and prometheus', () => {
  test('every panel and alert asks for what is served, by the labels that it has', () => {
    expect(expressions.length).toBeGreaterThan(40);
    expect(
      expressions.map(({ of, expr }) => ({ of, faults: faultsOf(expr) })).filter(({ faults }) => faults.length > 0),
    ).toEqual([]);
  });

  test('nothing else would pass', () => {
    expect(faultsOf('ekbaar_dead_leters')).toEqual(['ekbaar_dead_leters is not served']);
    expect(faultsOf('sum(rate(ekbaar_mutations_total{colour="red"}[5m]))')).toHaveLength(1);
    expect(faultsOf('sum by (colour) (rate(ekbaar_mutations_total[5m]))')).toEqual(['grouped by colour']);
    expect(faultsOf('ekbaar_mutations_total')).toHaveLength(1);
    expect(faultsOf('rate(ekbaar_dead_letters[5m])')).toHaveLength(1);
    expect(() => faultsOf('sum(rate(ekbaar_mutations_total[5m])')).toThrow(SyntaxError);
  });

  test('every metric of the engine is on the dashboard', () => {
    const shown = expressions.flatMap(({ expr }) => readPromql(expr).metrics.map(({ name }) => name));
    const plain = (name: string) => name.replace(/_(bucket|sum|count)$/, '');
    const missing = [...served.keys()].filter((name) => /^(ekbaar|field_ops)_/.test(name)).map(plain);
    expect([...new Set(missing)].filter((name) => !shown.map(plain).includes(name))).toEqual([]);
  });

  test('Grafana can take it: ids once, nothing over another, one source of data that is asked for', () => {
    const { panels, templating } = dashboard;
    expect(dashboard.schemaVersion).toBeGreaterThan(30);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
    const names = new Set(templating.list.map(({ name }) => name));
    const used = JSON.stringify(panels).match(/\$\{?[a-z]\w+/g) ?? [];
    expect([...new Set(used.map((name) => name.replace(/\W+/, '')))].filter((name) => !names.has(name))).toEqual([]);
    for (const { type, datasource, targets = [] } of panels) {
      if (type === 'row') continue;
      expect(datasource?.uid).toBe(['$', '{datasource}'].join(''));
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    }
  });

  test('alerts say what happened, and Prometheus finds rules and nodes', async () => {
    expect(rules.length).toBeGreaterThan(8);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { annotations } of rules) expect(annotations.summary).toMatch(/\w/);
    const { rule_files: files, scrape_configs: scrapes } = parse(await textOf('prometheus/prometheus.yml')) as {
      rule_files: string[];
      scrape_configs: { static_configs: { targets: string[] }[] }[];
    };
    expect(files).toEqual(['alerts.yml']);
    const { services } = parse(await textOf('compose.yaml'), { merge: true }) as { services: Record<string, unknown> };
    const targets = scrapes.flatMap((scrape) => scrape.static_configs.flatMap((config) => config.targets));
    expect(targets.map((target) => target.split(':')[0]).filter((name = '') => !(name in services))).toEqual([]);
    expect(targets.length).toBeGreaterThan(2);
  });
});

/** Names, kinds and labels in Prometheus' text format; a target's own labels come with it. */
function readServed(text: string): Map<string, { kind: string; labels: Set<string> }> {
  const found = new Map<string, { kind: string; labels: Set<string> }>();
  let kind = '';
  for (const line of text.split('\n')) {
    const type = /^# TYPE \S+ (\S+)/.exec(line)?.[1];
    if (type !== undefined) kind = type;
    const [, name, labels = ''] = /^([a-z_][a-z0-9_]*)(?:\{(.*)\})? /i.exec(line) ?? [];
    if (name === undefined) continue;
    // The parts of a histogram are counters each.
    const own = found.get(name) ?? {
      kind: kind === 'histogram' ? 'counter' : kind,
      labels: new Set(['job', 'instance']),
    };
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) own.labels.add(label);
    found.set(name, own);
  }
  return found;
}
