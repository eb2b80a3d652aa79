/**
 * The number that a flag says, or another when it is not given.
 *
 * @throws TypeError that names the flag
 */
export function positive(flag: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!(value > 0)) throw new TypeError(`--${flag} ${text}: not a number above 0`);
  return value;
}
