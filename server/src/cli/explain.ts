import { DrizzleQueryError } from 'drizzle-orm';
import { databaseCode } from '../db/fault.ts';

/** An error as a person can use it: what failed and why, never a statement's parameters or a password. */
export function explain(error: unknown): string {
  const chain: string[] = [];
  for (let at: unknown = error; at instanceof Error && chain.length < 4; at = at.cause) {
    const { message } = at;
    // Drizzle's own message quotes the statement with its parameters.
    if (!(at instanceof DrizzleQueryError) && !chain.some((said) => said.includes(message))) chain.push(message);
  }
  const code = databaseCode(error);
  const said = chain.length > 0 ? chain.join(': ') : code === undefined ? String(error) : 'the database said no';
  return code === undefined || said.includes(code) ? said : `${said} (${code})`;
}
