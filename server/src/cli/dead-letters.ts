import type { DeadLetter, RecordedReceipt } from '@ekbaar/sdk/protocol/admin';
import type { Database } from '../db/database.ts';
import type { Actor } from '../engine/actor.ts';
import { Admin } from '../engine/admin.ts';
import { PokeRelay } from '../engine/poke-relay.ts';
import { Pokes } from '../engine/pokes.ts';
import { ProblemError } from '../problem.ts';
import { createServer } from '../server.ts';
import {
  type Command,
  configHelp,
  configOptions,
  databaseHelp,
  databaseOptions,
  exit,
  type Exit,
  noMore,
  parse,
  required,
  type Terminal,
  UsageError,
} from './command.ts';
import { explain } from './explain.ts';
import { loadConfig } from './load-config.ts';
import { databaseIn, withDatabase } from './open-database.ts';

const options = {
  ...databaseOptions,
  ...configOptions,
  tenant: { type: 'string' },
  as: { type: 'string' },
  reason: { type: 'string' },
  name: { type: 'string' },
  limit: { type: 'string' },
  cursor: { type: 'string' },
  json: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parse<typeof options>>['values'];

export const deadLetters: Command = {
  help: `Usage: ekbaar dead-letters list --tenant T [--name MUTATION] [--limit N] [--cursor C]
       ekbaar dead-letters show KEY --tenant T
       ekbaar dead-letters retry KEY --tenant T --as WHO [--config FILE]
       ekbaar dead-letters close KEY --tenant T --as WHO --reason TEXT

A dead letter is a mutation whose mutator kept failing; its args are kept. "retry" runs it again under its own key, with
the mutators of the config, as one more node of the app: the database is migrated to this version first. "close" leaves
it dead and says why. Either way the phone it came from hears of it, and the audit log keeps who did it.

  --tenant T          whose dead letters
  --as WHO            who does this: for the audit log
  --reason TEXT       close: why, at most 500 characters; the agent sees it
  --name MUTATION     list: only of this name
  --limit N           list: at most so many, 100 by default
  --cursor C          list: go on where the last page ended
  --json              everything of each, args too: customers' data
${configHelp}
${databaseHelp}`,
  async run(args, terminal) {
    const { values, positionals } = parse(args, options);
    const [action, ...rest] = positionals;
    const reached = databaseIn(values, terminal);
    switch (action) {
      case 'list':
        noMore(rest);
        return withDatabase(reached, (database) => list(database, values, terminal));
      case 'show':
        return withDatabase(reached, (database) => show(database, keyIn(rest), values, terminal));
      case 'close':
        return withDatabase(reached, (database) => close(database, keyIn(rest), values, terminal));
      case 'retry':
        return withDatabase(reached, (database) => retry(database, keyIn(rest), values, terminal));
      case undefined:
        throw new UsageError('say what to do: list, show, retry or close');
      default:
        throw new UsageError(`"${action}" is none of list, show, retry and close`);
    }
  },
};

async function list(database: Database, values: Values, terminal: Terminal): Promise<Exit> {
  const tenant = required(values.tenant, '--tenant');
  const limit = values.limit ?? '100';
  if (!/^[1-9]\d{0,2}$/.test(limit)) throw new UsageError('--limit is a number from 1 to 999');
  const request = { limit: Number(limit), name: values.name, cursor: values.cursor };
  const page = await adminWithoutApp(database, terminal).admin.deadLetters(tenant, request);
  if (values.json === true) {
    terminal.out(JSON.stringify(page));
    return exit.done;
  }
  for (const letter of page.deadLetters) terminal.out(lineOf(letter));
  if (page.deadLetters.length === 0) terminal.note(`${tenant} has no open dead letters`);
  if (page.next !== null) terminal.note(`more with --cursor ${page.next}`);
  return exit.done;
}

async function show(database: Database, key: string, values: Values, terminal: Terminal): Promise<Exit> {
  const tenant = required(values.tenant, '--tenant');
  const found = await adminWithoutApp(database, terminal).admin.receipt(tenant, key);
  terminal.out(JSON.stringify(found, undefined, values.json === true ? undefined : 2));
  return exit.done;
}

async function close(database: Database, key: string, values: Values, terminal: Terminal): Promise<Exit> {
  const operator = operatorIn(values);
  const reason = required(values.reason?.trim(), '--reason');
  if (reason.length > 500) throw new UsageError('--reason has at most 500 characters');
  const { admin, tellNodes } = adminWithoutApp(database, terminal);
  const closed = await admin.close(operator, key, reason);
  await tellNodes();
  said(closed, `Closed ${key}: ${reason}`, values, terminal);
  return exit.done;
}

async function retry(database: Database, key: string, values: Values, terminal: Terminal): Promise<Exit> {
  const operator = operatorIn(values);
  const config = await loadConfig(values.config, terminal);
  const server = createServer({
    ...config,
    database,
    // Nobody can ask it: it does not listen.
    auth: () => Promise.reject(new ProblemError('unauthenticated', 'no server')),
    platform: {
      clock: terminal.clock,
      log: quietLog((message, error) => terminal.note(`${message}: ${explain(error)}`)),
    },
  });
  await server.start();
  try {
    const settled = await server.engine.admin.retry(operator, key);
    const code = settled.error === undefined ? '' : ` (${settled.error.code})`;
    said(settled, `${key} is ${settled.status} now${code}`, values, terminal);
    return exit.done;
  } finally {
    await server.engine.stop();
  }
}

/** What needs nothing of the app; the other nodes' streams are poked all the same. */
function adminWithoutApp(database: Database, { clock, note }: Terminal) {
  const relay = new PokeRelay({ database, pokes: new Pokes(), onError: (error) => note(explain(error)) });
  const admin = new Admin({
    database,
    rules: {
      model: { version: 1, collections: {}, mutations: {} },
      mutators: {},
      enqueue: () => Promise.resolve(),
      deferredConstraints: [],
    },
    clock,
    onMoved: (tenant, moved) => relay.gather(tenant, moved),
    onHalted: () => {},
  });
  return { admin, tellNodes: () => relay.stop() };
}

function quietLog(failed: (message: string, error: unknown) => void) {
  const told = (facts: Record<string, unknown>, message: string) => failed(message, facts['error'] ?? '');
  return { info: () => {}, warn: told, error: told };
}

function operatorIn(values: Values): Actor {
  const id = required(values.as, '--as');
  return { tenant: required(values.tenant, '--tenant'), id, role: 'cli', claims: {} };
}

function keyIn([key, ...more]: readonly string[]): string {
  noMore(more);
  const given = required(key, 'the key');
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(given)) throw new UsageError(`"${given}" is no key: a UUID`);
  return given.toLowerCase();
}

function said(receipt: RecordedReceipt, text: string, values: Values, terminal: Terminal): void {
  terminal.out(values.json === true ? JSON.stringify(receipt) : text);
}

function lineOf({ key, name, actor, serverAt, tries, error }: DeadLetter): string {
  return [serverAt, key, name, `by ${actor}`, `${tries} tries`, error?.code ?? ''].join('  ').trimEnd();
}
