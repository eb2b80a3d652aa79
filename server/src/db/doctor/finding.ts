import type { Queryable } from '../database.ts';

/**
 * How bad it is: `problem` breaks a promise or will soon, `warning` deserves a look, `fine` was checked and is right,
 * `note` is only good to know.
 */
export type Level = 'problem' | 'warning' | 'fine' | 'note';

/** What one check found. */
export interface Finding {
  readonly check: string;
  readonly level: Level;
  readonly says: string;
  /** What to do about it. */
  readonly remedy?: string;
}

/** What the checks are told besides the database. */
export interface Circumstances {
  readonly clock: () => Date;
  /** Whether the caller said that the url leads to a pooler in transaction mode. */
  readonly pooler: 'transaction' | undefined;
  /** Whether it really does. */
  readonly pooled: boolean;
  /** Most connections that one node keeps. */
  readonly connectionsPerNode: number;
  /** Collections of the app's model; undefined when its config is not at hand. */
  readonly collections: readonly string[] | undefined;
}

export interface Check {
  readonly name: string;
  /** Whether it looks into the engine's tables: nothing to look at before the first migration. */
  readonly needsSchema: boolean;
  run(db: Queryable, circumstances: Circumstances): Promise<readonly Omit<Finding, 'check'>[]>;
}

export const fine = (says: string): Omit<Finding, 'check'> => ({ level: 'fine', says });
export const note = (says: string): Omit<Finding, 'check'> => ({ level: 'note', says });
export const problem = (says: string, remedy: string): Omit<Finding, 'check'> => ({ level: 'problem', says, remedy });
export const warning = (says: string, remedy: string): Omit<Finding, 'check'> => ({ level: 'warning', says, remedy });

export const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
