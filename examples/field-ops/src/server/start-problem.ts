import { type Database, openDatabase, whyUnusable } from '@ekbaar/server';

/** What is wrong when a step of the start has failed with an error, by the variable that leads to it; undefined: none does. */
type ProblemOf = (error: unknown) => string | undefined;

/** Of whatever asks PostgreSQL: nobody there, nobody let in, or no such database. */
export const databaseProblem: ProblemOf = (error) => {
  const why = whyUnusable(error);
  return why && `DATABASE_URL: ${why}`;
};

/** Of listening. @param port the variable that has the port */
export function addressProblem(port: string): ProblemOf {
  return (error) => {
    const { code = '', message } = rootOf(error);
    if (!/^E[A-Z_]+$/.test(code)) return undefined;
    return `${code === 'EADDRINUSE' || code === 'EACCES' ? port : 'HOST'}: ${message}`;
  };
}

/**
 * Waits for a step of the start.
 *
 * @throws Error that names the variable to look at, where one leads to what went wrong, and never its value
 */
export async function naming<T>(step: Promise<T>, problemOf: ProblemOf): Promise<T> {
  try {
    return await step;
  } catch (error) {
    const problem = problemOf(error);
    // The cause of one that is understood would bury it: a certificate's takes hundreds of lines.
    throw problem === undefined ? error : new Error(problem);
  }
}

/**
 * Opens a database. It is not asked yet, so what goes wrong is about files: PGlite's, or certificates that a url names.
 *
 * @param variable that says where it is
 * @throws Error that names the variable
 */
export function openNaming(
  options: NonNullable<Parameters<typeof openDatabase>[0]>,
  variable: string = options.url === undefined ? 'EKBAAR_DATA_DIR' : 'DATABASE_URL',
): Promise<Database> {
  return naming(openDatabase(options), (error) => `${variable}: ${rootOf(error).message}`);
}

function rootOf(error: unknown): Error & { readonly code?: string } {
  if (!(error instanceof Error)) return new Error(String(error));
  return error.cause instanceof Error ? rootOf(error.cause) : error;
}
