import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { variables } from '../../examples/field-ops/src/server/config.ts';
import { ProvidersConfig } from '../../examples/field-ops/src/server/jobs/providers.ts';
import { assignmentsIn, deploy, page, root } from './written-down.ts';

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile?: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: readonly string[] | Readonly<Record<string, { readonly condition: string }>>;
  readonly stop_grace_period?: string;
}

const textOf = async (name: string) => (await page(`${deploy}/${name}`)).text;
const written = await textOf('compose.yaml');
const { services, volumes } = parse(written, { merge: true, strict: true }) as {
  services: Readonly<Record<string, Service>>;
  volumes: Readonly<Record<string, unknown>>;
};
const service = (name: string): Service => services[name] ?? expect.fail(`there is no service ${name}`);
const nodes = Object.keys(services).filter((name) => /^node\d$/.test(name));

/** Name → value of a file of `name = value` lines. */
const settingsOf = (text: string) =>
  new Map([...text.matchAll(/^(\w+) = (.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
const pgbouncer = settingsOf(await textOf('pgbouncer/pgbouncer.ini'));
const postgresql = settingsOf(await textOf('postgresql.conf'));
const dockerfile = await textOf('Dockerfile');
const nodePort = /\bPORT=(\d+)/.exec(dockerfile)?.[1];

const databaseOf = (name: string) =>
  new URL(String(service(name).environment?.['DATABASE_URL']).replaceAll(/\$\{[^}]*\}/g, 'secret'));
const secondsOf = (duration: string | undefined) => Number(/^(\d+)s$/.exec(duration ?? '')?.[1]);

describe('compose.yaml', () => {
  test('has two nodes that differ in nothing', () => {
    expect(nodes).toEqual(['node1', 'node2']);
    expect(service('node1')).toEqual(service('node2'));
  });

  test('gives nodes and migration variables that they read, and asks for all that .env.example has', async () => {
    for (const name of [...nodes, 'worker', 'migrate']) {
      const given = Object.keys(service(name).environment ?? {});
      expect(given).toContain('DATABASE_URL');
      expect(given.filter((variable) => !variables.includes(variable))).toEqual([]);
    }
    const asked = [...written.matchAll(/\$\{([A-Z_]+)/g)].map(([, name = '']) => name);
    expect([...new Set(asked)].toSorted()).toEqual([...assignmentsIn(await textOf('.env.example')).keys()].toSorted());
  });

  test('has a worker that is a node in all but its program, and is asked for its health where the image asks', () => {
    const { command, environment, ...worker } = service('worker');
    const { environment: ofNode, ...node } = service('node1');
    expect(worker).toEqual(node);
    expect(command?.join(' ')).toMatch(/^node src\/server\/worker\.ts$/);
    expect(existsSync(join(root, 'examples/field-ops/src/server/worker.ts'))).toBe(true);
    expect(environment).toEqual({ ...ofNode, EKBAAR_WORKER_PORT: Number(nodePort) });
    // It gives up after 60 s by itself; its jobs are tried again.
    expect(secondsOf(worker.stop_grace_period)).toBeGreaterThan(30);
  });

  test('the example of providers is one that servers read', async () => {
    const example = JSON.parse(await textOf('providers/example.json')) as object;
    expect(Object.keys(ProvidersConfig.parse(example))).toEqual(['pennco', 'vishi']);
  });

  test('depends on services, mounts files and volumes, and builds from folders that are there', async () => {
    const wanting = Object.values(services).flatMap(({ depends_on: needs = [], volumes: mounts = [], build }) => {
      const files = mounts.map((mount) => mount.split(':')[0] ?? '').filter((from) => !Object.hasOwn(volumes, from));
      const recipe = build === undefined ? [] : [join(build.context, build.dockerfile ?? 'Dockerfile')];
      return [
        ...(Array.isArray(needs) ? needs : Object.keys(needs)).filter((other) => !Object.hasOwn(services, other)),
        ...[...files, ...recipe].filter((path) => !existsSync(join(root, deploy, path))),
      ];
    });
    expect(wanting).toEqual([]);
    expect(service('migrate')).toMatchObject({ image: service('node1').image, command: ['ekbaar', 'migrate'] });
    expect(service('node1').depends_on).toMatchObject({ migrate: { condition: 'service_completed_successfully' } });
  });

  test('nodes reach PostgreSQL through PgBouncer and migrations past it, by one user and one database', async () => {
    const { environment: postgres = {} } = service('postgres');
    for (const name of nodes) {
      expect(databaseOf(name).host).toBe(`pgbouncer:${pgbouncer.get('listen_port')}`);
      expect(service(name).environment?.['DATABASE_POOLER']).toBe(`${pgbouncer.get('pool_mode')}`);
    }
    expect(databaseOf('migrate').host).toBe('postgres:5432');
    for (const name of [...nodes, 'migrate']) {
      const { username, pathname } = databaseOf(name);
      expect([username, pathname]).toEqual([postgres['POSTGRES_USER'], `/${postgres['POSTGRES_DB']}`]);
    }
    expect(pgbouncer.get(String(postgres['POSTGRES_DB']))).toBe('host=postgres port=5432');
    expect(service('pgbouncer').environment?.['PGBOUNCER_USER']).toBe(postgres['POSTGRES_USER']);
    const taken = (await textOf('pgbouncer/start.sh')).match(/PGBOUNCER_[A-Z]+/g) ?? [];
    expect(taken.toSorted()).toEqual(Object.keys(service('pgbouncer').environment ?? {}).toSorted());
    expect(await textOf('pgbouncer/Dockerfile')).toContain(`EXPOSE ${pgbouncer.get('listen_port')}\n`);
  });

  test('connections are enough everywhere', () => {
    const each = Number(service('node1').environment?.['EKBAAR_CONNECTIONS']);
    // Of each node, two for the outbox and some while it starts; a deploy has one node more.
    expect(Number(pgbouncer.get('max_client_conn'))).toBeGreaterThan((nodes.length + 1) * (each + 5));
    expect(Number(pgbouncer.get('default_pool_size')) + 20).toBeLessThanOrEqual(
      Number(postgresql.get('max_connections')),
    );
  });

  test('nginx leads to the nodes’ port, and is reached by its own', async () => {
    const site = await textOf('nginx/compose.conf');
    const upstream = [...site.matchAll(/^ {2}server (\S+) /gm)].map(([, address]) => address);
    expect(upstream).toEqual(nodes.map((name) => `${name}:${nodePort}`));
    const listens = /listen (\d+);/.exec(site)?.[1];
    expect(service('nginx').ports).toEqual([`127.0.0.1:8080:${listens}`]);
    expect(dockerfile).toContain(`EXPOSE ${nodePort}\n`);
    expect(written).toContain('http://127.0.0.1:8080');
  });

  test('on a host, nginx leads to the ports of the units', async () => {
    const site = await textOf('nginx/site.conf');
    const upstream = [...site.matchAll(/^ {2}server 127\.0\.0\.1:(\d+) /gm)].map(([, port]) => `field-ops@${port}`);
    const unit = await textOf('systemd/field-ops@.service');
    const { text } = await page('docs/operations/deploy.md');
    for (const from of [unit, text]) expect(from).toContain(`systemctl enable --now ${upstream.join(' ')}`);
  });

  test('whoever stops a node waits for longer than it drains', async () => {
    const patience = 40;
    const { environment, stop_grace_period: grace } = service('node1');
    expect(secondsOf(grace)).toBeGreaterThan(Number(environment?.['EKBAAR_DRAIN_SECONDS']) + patience);
    const unit = await textOf('systemd/field-ops@.service');
    const settings = assignmentsIn(await textOf('systemd/field-ops.env.example'));
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(
      Number(settings.get('EKBAAR_DRAIN_SECONDS')) + patience,
    );
  });
});
