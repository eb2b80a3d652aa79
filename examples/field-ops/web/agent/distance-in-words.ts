/** Kilometres as far as they are known: "0.4", "3", "27". */
export function distanceInWords(kilometres: number): string {
  return kilometres < 1 ? kilometres.toFixed(1) : String(Math.round(kilometres));
}
