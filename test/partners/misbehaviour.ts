/** How an outside party treats one request. `before`: it has done nothing; `after`: it has done what was asked. */
export type Treatment =
  | 'good'
  | 'slow'
  | `${'before' | 'after'}:${'500' | 'reset' | 'hang' | 'html'}`
  | 'before:429'
  | 'before:503';

const bad: readonly Treatment[] = [
  ...(['slow', 'before:429', 'before:503', 'before:500', 'before:reset', 'before:hang', 'before:html'] as const),
  ...(['after:500', 'after:reset', 'after:hang', 'after:html'] as const),
];

/** @param share of requests that are treated badly, from 0 to 1 */
export function treatmentOf(random: () => number, share: number): Treatment {
  if (random() >= share) return 'good';
  return bad[Math.floor(random() * bad.length)] ?? 'good';
}
