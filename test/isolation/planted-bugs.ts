import { AsyncLocalStorage } from 'node:async_hooks';
import { type Actor, jwtAuth, ProblemError, type Server } from '@ekbaar/server';
import type { Variant } from './besieged.ts';
import { tenants, unpacked } from './canary.ts';
import { forgetfulMutators } from './forgetful-mutators.ts';
import type { Level } from './oracle.ts';
import type { Rewrite } from './rewriting-database.ts';

/** A server with a bug that somebody might have put there, which the property must find. */
export interface PlantedBug {
  readonly name: string;
  readonly level?: Level;
  /** Where the test's own seed takes long to come to it. */
  readonly seed?: number;
  readonly make: (secret: string) => Variant;
}

/** As if nobody had ever taken the engine's role: a superuser is not bound by row-level security. */
const withoutRole: Rewrite = (text) =>
  text.replace(/^set local role ekbaar_engine$/, `set local ekbaar.forgotten = 'yes'`);

/** Changes statements, and must change some: a bug that does not bite proves nothing. */
const replacing =
  (...replacements: readonly (readonly [RegExp, string])[]): Rewrite =>
  (text) =>
    replacements.reduce((changed, [from, to]) => changed.replaceAll(from, to), text);

const statements = (name: string, ...rewrites: readonly Rewrite[]): PlantedBug => ({
  name,
  make: () => ({ rewrite: (text) => rewrites.reduce((changed, rewrite) => rewrite(changed), text) }),
});

/** Puts something in front of a method of the engine. */
function before<Name extends 'sync' | 'mutate' | 'row' | 'pull'>(
  { engine }: Server,
  name: Name,
  wrap: (original: Server['engine'][Name]) => Server['engine'][Name],
): void {
  engine[name] = wrap((engine[name] as (...parameters: never[]) => unknown).bind(engine) as Server['engine'][Name]);
}

/** Statements that take whoever asks for the owner of what they find. */
function everybodyOwns(from: RegExp, to: (name: string) => string): Variant {
  const asking = new AsyncLocalStorage<Actor>();
  const owner = () => `'${asking.getStore()?.id.replaceAll("'", "''") ?? ''}'::text`;
  return {
    rewrite: (text) => text.replaceAll(from, () => to(owner())),
    alter(server) {
      before(server, 'sync', (original) => (actor, request) => asking.run(actor, () => original(actor, request)));
      before(server, 'mutate', (original) => (actor, mutation) => asking.run(actor, () => original(actor, mutation)));
    },
  };
}

/** Reads as the tenant whose history a cursor is of. */
function believeCursors(server: Server): void {
  const tenantOf = new Map<string, string>();
  const historyIn = (cursor: string) => (JSON.parse(unpacked(cursor)[0] ?? '{}') as { h?: string }).h ?? '';
  before(server, 'pull', (original) => async (actor, request) => {
    const tenant = tenantOf.get(historyIn(request.cursor ?? '')) ?? actor.tenant;
    const answer = await original({ ...actor, tenant }, request);
    tenantOf.set(historyIn((JSON.parse(answer) as { cursor: string }).cursor), tenant);
    return answer;
  });
}

export const plantedBugs: readonly PlantedBug[] = [
  statements('delta without the scope check', replacing([/(?<!\.)scope = any\(/g, 'true or scope = any('])),
  statements(
    'receipts looked up by key alone',
    withoutRole,
    replacing(
      [/tenant = (\$\d+) and key = any\(/g, '($1 is not null) and key = any('],
      [
        /from sync\.receipts where tenant = (\$\d+) and key = (\$\d+)\) r/g,
        'from sync.receipts where $1 is not null and key = $2) r',
      ],
    ),
  ),
  {
    name: 'receipts of whoever asks',
    seed: 2,
    make: () => everybodyOwns(/key, actor, client_id/g, (name) => `key, ${name} as actor, client_id`),
  },
  {
    name: 'clients of whoever asks',
    make: () =>
      everybodyOwns(
        /select actor, last_mutation_id as last/g,
        (name) => `select ${name} as actor, last_mutation_id as last`,
      ),
  },
  statements(
    'a page without the readable filter',
    replacing([/(t\."tenant" = \$\d+ and )\(/g, '$1(true or ']),
    replacing([/(t\."tenant" = \$\d+ and )false/g, '$1true']),
  ),
  statements(
    'rows of any tenant, by id',
    withoutRole,
    replacing([/where t\."tenant" = (\$\d+) and/g, 'where $1 is not null and']),
  ),
  {
    name: 'a cursor that is believed about its tenant',
    make: () => ({ alter: believeCursors }),
  },
  {
    name: 'a header that chooses the tenant',
    make(secret) {
      const authenticate = jwtAuth({ secret });
      return {
        overrides: {
          async auth(request) {
            const found = await authenticate(request);
            const tenant = request.headers.get('X-Tenant') ?? found.actor.tenant;
            return { ...found, actor: { ...found.actor, tenant: /^\w+$/.test(tenant) ? tenant : found.actor.tenant } };
          },
        },
      };
    },
  },
  {
    name: 'no role, and mutators that forget the tenant',
    level: 'tenant',
    make: () => ({ overrides: { mutators: forgetfulMutators }, rewrite: withoutRole }),
  },
  { name: 'admins of a region', make: () => ({ overrides: { admin: ({ role }) => role === 'ops' } }) },
  {
    name: 'pokes to every tenant',
    make: () => ({
      alter({ engine: { pokes } }) {
        const publish = pokes.publish.bind(pokes);
        pokes.publish = (_, moved) => {
          for (const tenant of tenants) publish(tenant, moved);
        };
      },
    }),
  },
  {
    name: 'forbidden, where there is something',
    make: () => ({
      alter(server) {
        before(server, 'row', (original) => async (actor, collection, id) => {
          try {
            return await original(actor, collection, id);
          } catch (error) {
            for (const tenant of tenants) {
              const all = { tenant, id: 'ops', role: 'ops', claims: { regions: ['*'] } };
              if (await original(all, collection, id).catch(() => undefined))
                throw new ProblemError('forbidden', 'It is somebody else’s');
            }
            throw error;
          }
        });
      },
    }),
  },
  {
    name: 'arguments in the log',
    make: () => ({
      alter(server, log) {
        before(server, 'mutate', (original) => (actor, mutation) => {
          log({ sent: mutation.args });
          return original(actor, mutation);
        });
      },
    }),
  },
  statements('lines of any tenant', withoutRole, replacing([/where c\.tenant = (\$\d+)/g, 'where $1 is not null'])),
];
