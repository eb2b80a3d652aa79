import type { Explored, Finding, Visit } from './exploration.ts';

/** What an exploration has come to, for people. */
export interface Report {
  /** Its figures, in a line. */
  readonly words: string;
  /** What broke, and what was not visited as planned; nothing else is to be seen when it is empty. */
  readonly wrong: readonly string[];
}

export function report(explored: Explored, seconds: number): Report {
  const { points, places, placesVisited, visited, placesAfter, placesAfterVisited, visitedSecond } = explored;
  const words =
    `${points} crash points found, at ${places} different places, of which ${placesVisited} visited, by ${visited} deaths; ` +
    `${placesAfter} places after these, of which ${placesAfterVisited} visited, by ${visitedSecond} second deaths; ` +
    `${seconds.toFixed(0)} s`;
  const missed = explored.missed.map((visit) => `not reached: ${visitInWords(visit)}`);
  return { words, wrong: [...explored.findings.map(findingInWords), ...missed] };
}

function visitInWords({ workload, point, death, second }: Visit): string {
  const after = second ? `; then ${second.death} at ${second.point.nth} (${second.point.place})` : '';
  return `${death} at ${point.nth} (${point.place}) of "${workload.name}"${after}`;
}

function findingInWords({ invariant, what, visit }: Finding): string {
  return `${invariant} broken: ${what.slice(0, 600)}; ${visitInWords(visit)}`;
}
