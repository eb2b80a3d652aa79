/** Whether PostgreSQL can hold it as text, and compare with it: without NUL, and no half of a surrogate pair. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0') && value.isWellFormed();
}
