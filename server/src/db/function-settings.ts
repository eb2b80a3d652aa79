/** What a function of the schema `sync` runs with, whoever calls it: names and values as PostgreSQL keeps them. */
export type FunctionSettings = Readonly<Record<string, string>>;

/**
 * Of every function that runs with its owner's rights. Temporary objects come last: where their schema is not named, its
 * types are found first, and whoever made one there would be asked, as the owner, what `text` is.
 */
export const ownersPath: FunctionSettings = { search_path: 'pg_catalog, pg_temp' };

/** Of what writes keys and scopes as text: a date or a number is the same text in every program's session. */
export const sameTexts: FunctionSettings = { DateStyle: 'ISO, MDY', TimeZone: 'UTC', extra_float_digits: '1' };

/** The clauses of `CREATE FUNCTION`. */
export function settingClauses(settings: FunctionSettings): string {
  // Lists of names stand as they are; a quoted one would be a single name.
  const value = (name: string, text: string) => (name === 'search_path' ? text : `'${text}'`);
  return Object.entries(settings)
    .map(([name, text]) => `SET ${name} = ${value(name, text)}`)
    .join(' ');
}

/** The same as `pg_proc.proconfig` has it. */
export function keptSettings(settings: FunctionSettings): string[] {
  return Object.entries(settings).map(([name, text]) => `${name}=${text}`);
}
