import type { IdbGround, RealVisit } from './idb-ground.ts';
import type { Report } from './report.ts';

/** At one of so many places it is the whole browser that dies. */
const browserEvery = 5;

/**
 * Kills the page's process at every so manieth different place of the workloads, and the one that goes on at a point of what
 * comes after.
 */
export async function realDeaths(
  ground: IdbGround,
  workloads: readonly string[],
  every: number,
  tell: (line: string) => void = () => {},
): Promise<Report> {
  const places = new Set<string>();
  const wrong: string[] = [];
  const killed = { renderer: 0, browser: 0 };
  let [visits, points] = [0, 0];
  const visit = async (one: RealVisit) => {
    const outcome = await ground.visit(one);
    killed[one.killer] += one.second ? 2 : 1;
    for (const violation of outcome.violations) wrong.push(`${violation}; ${JSON.stringify(one)}`);
    return outcome;
  };
  const inWords = () =>
    `${points} crash points found, at ${places.size} different places, of which ${visits} visited twice; ` +
    `killed: ${killed.renderer} processes of a page, ${killed.browser} browsers`;
  for (const workload of workloads) {
    const all = await ground.discover(workload);
    points += all.length;
    for (const point of all) {
      const known = places.has(point.place);
      places.add(point.place);
      if (known || places.size % every !== 0) continue;
      const killer = visits++ % browserEvery === 0 ? 'browser' : 'renderer';
      const after = (await visit({ workload, point, killer })).points;
      const second = after[(7 * visits) % after.length];
      if (second) await visit({ workload, point, second, killer: 'renderer' });
    }
    tell(`"${workload}": ${inWords()}; ${wrong.length} broken`);
  }
  return { words: inWords(), wrong };
}
