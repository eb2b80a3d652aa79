/** A mutation that was never sent, as far as thinning goes. */
export interface Unsent {
  /** The device's clock when it was made (ISO 8601). */
  readonly at: string;
  readonly args: unknown;
}

/**
 * Says which of the never-sent mutations of one name are not worth sending any more. It gets all of them, the oldest
 * first, whenever there is one more; the same ones must always give the same answer.
 */
export type Thin = <One extends Unsent>(unsent: readonly One[]) => readonly One[];

/**
 * Keeps at most `most` unsent ones, spread evenly over the time that they cover: the first, the last, and in between the one
 * goes whose neighbours are closest to each other.
 *
 * @param most at least 2
 * @throws TypeError when `most` is no whole number from 2 on.
 */
export function keepEvenly(most: number): Thin {
  if (!Number.isSafeInteger(most) || most < 2) throw new TypeError(`keepEvenly: from 2 on, not ${most}`);
  return (unsent) => {
    const kept = unsent.map((one) => ({ one, ms: Date.parse(one.at) }));
    const dropped: (typeof kept)[number][] = [];
    while (kept.length > most) {
      let closest = 1;
      let least = Infinity;
      for (let at = 1; at < kept.length - 1; at += 1) {
        const apart = (kept[at + 1]?.ms ?? 0) - (kept[at - 1]?.ms ?? 0);
        if (apart < least) [closest, least] = [at, apart];
      }
      dropped.push(...kept.splice(closest, 1));
    }
    return dropped.map(({ one }) => one);
  };
}
