import type { Explored, Finding, Visit } from './exploration.ts';

/** The figures of an exploration, in a line for people. */
export function inWords(explored: Explored, seconds: number): string {
  const { points, places, placesVisited, planned, visited } = explored;
  const { placesAfter, placesAfterVisited, plannedSecond, visitedSecond } = explored;
  return (
    `${points} crash points found at ${places} different places, ${placesVisited} of them visited by ${visited} deaths ` +
    `(planned ${planned}); after these ${placesAfter} places, ${placesAfterVisited} visited by ${visitedSecond} second ` +
    `deaths (planned ${plannedSecond}); ${seconds.toFixed(0)} s`
  );
}

export function visitInWords({ workload, point, death, second }: Visit): string {
  const after = second ? `; then ${second.death} at ${second.point.nth} (${second.point.place})` : '';
  return `${death} at ${point.nth} (${point.place}) of "${workload.name}"${after}`;
}

export function findingInWords({ invariant, what, visit }: Finding): string {
  return `${invariant} broken: ${what.slice(0, 600)}; ${visitInWords(visit)}`;
}
