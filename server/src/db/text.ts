/**
 * Whether PostgreSQL can hold it as text, and compare with it: without NUL, and no half of a surrogate pair. What comes from
 * outside may have either, in JSON's escapes (`\u0000`) or in a URL's (`%00`), and a statement with it fails.
 */
export function isStorableText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0') && value.isWellFormed();
}

/** The text with U+FFFD, the character for what is none, in place of what PostgreSQL cannot hold. */
export function toStorableText(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}

/**
 * How JSON writes a backslash, and what of a text PostgreSQL cannot hold; a backslash is looked for so that none is taken
 * for the other.
 */
const escaped = /\\\\|\\u(?:0000|d[89a-f][0-9a-f]{2})/g;

/**
 * A JSON value with its texts and names as {@link toStorableText} has them. PostgreSQL's `json` takes the others too, but
 * then fails whoever asks for any part of it.
 *
 * @param text its JSON, for who has it already
 */
export function toStorableJson<T>(value: T, text: string | undefined = JSON.stringify(value)): T {
  const storable = text?.replaceAll(escaped, (found) => (found === '\\\\' ? found : '\uFFFD'));
  return storable === undefined || storable === text ? value : (JSON.parse(storable) as T);
}
