/**
 * The accounts that no other account can make: the first of an operator.
 *
 *   node examples/field-ops/src/server/account.ts create --tenant pennco --role ops --login a@b.c < secret
 *   node examples/field-ops/src/server/account.ts set-secret --tenant pennco --login a@b.c < secret
 *
 * A secret that is set ends the account's sessions and codes, and lifts its lock. It is read from standard input, and never
 * stands among the arguments, where `ps` shows it.
 */
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { nodePlatform, type Queryable } from '@ekbaar/server';
import { and, eq } from 'drizzle-orm';
import { note } from './identity/audit.ts';
import { loginOf } from './identity/requests.ts';
import { voidCodes } from './identity/reset-codes.ts';
import { hashSecret } from './identity/secret-hash.ts';
import { checkNewSecret } from './identity/secret-rules.ts';
import { endOfAccount } from './identity/sessions.ts';
import { accounts } from './identity/tables.ts';
import { Tries } from './identity/tries.ts';
import { databaseProblem, naming, openNaming } from './start-problem.ts';

const usage = `Usage, with the secret on standard input:
  account.ts create --tenant T --role agent|ops|settlement --login L [--id ID] [--name N] [--regions R,R] [--must-change]
  account.ts set-secret --tenant T --login L [--must-change]
DATABASE_URL (or EKBAAR_DATA_DIR) says where; the server must have been started once, or "ekbaar migrate" run.
--id is the token's "sub", by default the login before the @; of an agent, the id of its row in agents.
--regions is * (all) by default. --must-change: the secret is good only for choosing another one.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...{ tenant: { type: 'string' }, role: { type: 'string' }, login: { type: 'string' }, id: { type: 'string' } },
    ...{ name: { type: 'string' }, regions: { type: 'string' }, 'must-change': { type: 'boolean' } },
  },
});

function isRole(role: string | undefined): role is (typeof accounts.$inferInsert)['role'] {
  return role === 'agent' || role === 'ops' || role === 'settlement';
}

/** Runs the command. @returns what to say */
async function run(db: Queryable, secret: string): Promise<string> {
  const { tenant, login: typed } = values;
  if (tenant === undefined || typed === undefined || !/^[A-Za-z0-9_-]{1,64}$/.test(tenant)) throw new TypeError(usage);
  const login = loginOf(typed);
  const mustReset = values['must-change'] ?? false;
  const from = { address: 'command' };
  const now = nodePlatform.clock();
  if (positionals[0] === 'create') {
    const { role, id = login.split('@')[0] ?? login, name = id, regions = '*' } = values;
    if (!isRole(role)) throw new TypeError(usage);
    checkNewSecret(role, secret, login);
    const account = { tenant, id, role, login, name, regions: regions.split(','), mustReset };
    const secretHash = await hashSecret(secret);
    const made = await db
      .insert(accounts)
      .values({ ...account, secretHash, createdAt: now })
      .onConflictDoNothing()
      .returning();
    if (made.length === 0)
      throw new TypeError(`${tenant} has an account of the id ${id} or the login ${login} already`);
    await note(db, now, from, { tenant, event: 'account_created', subject: id, detail: `${role} ${login}` });
    return `${tenant}: ${role} ${id} signs in as ${login}`;
  }
  if (positionals[0] !== 'set-secret') throw new TypeError(usage);
  const own = and(eq(accounts.tenant, tenant), eq(accounts.login, login));
  const [account] = await db.select().from(accounts).where(own);
  if (account === undefined) throw new TypeError(`${tenant} has no account of the login ${login}`);
  checkNewSecret(account.role, secret, login);
  const secretHash = await hashSecret(secret);
  await db.transaction(async (tx) => {
    // Whoever else has the old one is out: it is set here because somebody has it, or because nobody has.
    await tx.update(accounts).set({ secretHash, mustReset, demo: false }).where(own);
    await endOfAccount(tx, now, tenant, account.id, 'secret_changed');
    await voidCodes(tx, now, tenant, account.id);
    await new Tries(tx, nodePlatform.clock).unlock(tenant, login);
    await note(tx, now, from, { tenant, event: 'secret_reset', subject: account.id, detail: 'by command' });
  });
  return `${tenant}: ${login} has a new secret`;
}

const environment = process.env;
const database = await openNaming({
  url: environment['DATABASE_URL'] || undefined,
  dataDir: environment['EKBAAR_DATA_DIR'] || '.ekbaar',
});
try {
  const secret = (await text(process.stdin)).replace(/\r?\n$/, '');
  console.log(await naming(run(database.db, secret), databaseProblem));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await database.close();
}
