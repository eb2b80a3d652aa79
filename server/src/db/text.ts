/**
 * Whether PostgreSQL can hold it as text, and compare with it: without NUL, and no half of a surrogate pair. What comes from
 * outside may have either, in JSON's escapes (`\u0000`) or in a URL's (`%00`), and a statement with it fails.
 */
export function isStorableText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0') && value.isWellFormed();
}
