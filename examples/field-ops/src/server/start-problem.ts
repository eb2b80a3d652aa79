/** Which variable leads to what a step of the start failed with, by the code that the system or PostgreSQL gave; undefined: none. */
type VariableOf = (code: string) => string | undefined;

/** Of whatever asks PostgreSQL: nobody there, nobody let in, or no such database. */
export const databaseVariable: VariableOf = (code) =>
  /^(E[A-Z_]+|CONNECT_TIMEOUT|CONNECTION_[A-Z]+|08...|28...|3D000|57P03)$/.test(code) ? 'DATABASE_URL' : undefined;

/** Of opening the database: PostgreSQL is not asked yet, so it is about PGlite's files. */
export const filesVariable: VariableOf = () => 'EKBAAR_DATA_DIR';

/** Of listening. @param port the variable that has the port */
export function addressVariable(port: string): VariableOf {
  return (code) => (code === 'EADDRINUSE' || code === 'EACCES' ? port : /^E[A-Z_]+$/.test(code) ? 'HOST' : undefined);
}

/**
 * Waits for a step of the start.
 *
 * @throws Error that names the variable to look at, where one leads to what went wrong, and never its value
 */
export async function naming<T>(step: Promise<T>, variableOf: VariableOf): Promise<T> {
  try {
    return await step;
  } catch (error) {
    const root = rootOf(error);
    if (!(root instanceof Error)) throw error;
    const code = 'code' in root && typeof root.code === 'string' ? root.code : '';
    const variable = variableOf(code);
    if (variable === undefined) throw error;
    // Of a name with several addresses, each of which refused, there is only the code.
    throw new Error(`${variable}: ${root.message || code}`, { cause: root });
  }
}

function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? rootOf(error.cause) : error;
}
