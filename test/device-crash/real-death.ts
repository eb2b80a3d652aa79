import type { Keepsake } from './crash-world.ts';

/** Where the page asks for its death. */
export const deathPath = '/v1/death';

/** Asks that this process is killed, and waits for it: nothing of it goes on, not even what IndexedDB does by itself. */
export function dieForReal(keepsake: Keepsake): void {
  const request = new XMLHttpRequest();
  request.open('POST', deathPath, false);
  request.send(written(keepsake));
}

/** As JSON, maps and sets included. */
function written(keepsake: Keepsake): string {
  return JSON.stringify(keepsake, (_, value: unknown) => {
    if (value instanceof Map) return { map: [...(value as Map<unknown, unknown>)] };
    return value instanceof Set ? { set: [...(value as Set<unknown>)] } : value;
  });
}

export function readKeepsake(text: string): Keepsake {
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const { map, set } = value as { map?: [unknown, unknown][]; set?: unknown[] };
    if (map) return new Map(map);
    return set ? new Set(set) : value;
  }) as Keepsake;
}
