/** SQL that writes a moment as ISO 8601 in UTC with milliseconds; of a `timestamp` without a zone, as it stands. */
export function isoMoment(expression: string, withZone = true): string {
  const utc = withZone ? `${expression} AT TIME ZONE 'UTC'` : expression;
  return `to_char(${utc}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
