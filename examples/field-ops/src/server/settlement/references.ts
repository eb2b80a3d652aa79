/** What a reference may have between its parts; a disbursement's or a loan's id may have hyphens within. */
const separators = /[\s/|:;,()*#"'=&+@[\]{}<>\\]+/;
const mostParts = 60;
const mostNamed = 200;
/** Parts that stand together as one id: `BFIL-PE-00042` has three. */
const longestId = 6;
/** A shorter word in a narration is no id. */
const shortest = 4;

/** An id as banks leave it: without case, hyphens and marks. `bfil-pe-00042` and `BFILPE00042` are the same. */
export function plainId(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9]/g, '').toUpperCase();
}

/**
 * Everything in a line that may be the id of a disbursement, of its loan or of its delivery, plain. The column that is ours is believed
 * whole, whatever it is; in a narration, an id has letters and digits or it could be any number.
 */
export function idsNamed({ reference, narration }: { reference: string; narration: string }): string[] {
  const named = new Set<string>();
  const whole = plainId(reference);
  if (whole !== '') named.add(whole);
  for (const text of [reference, narration]) {
    for (const word of text.split(separators).slice(0, mostParts)) {
      const parts = word.split(/[-_.~]+/).filter((part) => part !== '');
      for (let from = 0; from < parts.length; from++) {
        for (let to = from + 1; to <= Math.min(parts.length, from + longestId); to++) {
          const id = plainId(parts.slice(from, to).join(''));
          if (id.length >= shortest && /\d/.test(id) && /[A-Z]/.test(id)) named.add(id);
        }
      }
    }
  }
  return [...named].filter((id) => id.length <= 128).slice(0, mostNamed);
}
