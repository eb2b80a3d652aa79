import type { CrashPoint, Watch } from './crash-point.ts';
import { type Connections, Explorer, type Finding, type Visit } from './explorer.ts';
import type { Decide } from './faulty-line.ts';
import { type Fault, faultsOf } from './fault.ts';
import type { Stage } from './stage.ts';
import type { Workload } from './workloads.ts';

export interface ExplorationOptions {
  readonly workloads: readonly Workload[];
  readonly connections: Connections;
  /** Whether the statements of a workload fail in every way; otherwise each in one, the next one in the next. */
  readonly inEveryWay: (workload: Workload) => boolean;
  /** What else fails after the statement has; nothing by default. */
  readonly further?: Decide;
  /** Told when a workload is done, of all until then. */
  readonly tell?: (workload: Workload, until: Explored) => void;
  /** Ends the exploration before its end, with what was found until then. */
  readonly stopAt?: (finding: Finding) => boolean;
}

export interface Explored {
  /** Statements that were sent, and of those the ones that are not the same as another: with what was said before them and next. */
  readonly sent: number;
  readonly statements: number;
  readonly faults: number;
  readonly planned: number;
  readonly visited: number;
  readonly missed: readonly Visit[];
  readonly findings: readonly Finding[];
}

interface Statement {
  readonly id: string;
  readonly point: CrashPoint;
}

/** Finds out what the workloads say to PostgreSQL, and visits every statement of it. */
export async function explore(stage: Stage, options: ExplorationOptions): Promise<Explored> {
  const { connections, inEveryWay, stopAt = () => false } = options;
  const explorer = new Explorer(stage);
  const known = new Set<string>();
  const faults = new Set<Fault>();
  let [sent, planned, turn] = [0, 0, 0];
  for (const workload of options.workloads) {
    const watch = await explorer.discover(workload, connections);
    sent += watch.points.length;
    for (const { id, point } of statementsOf(watch)) {
      if (known.has(id)) continue;
      known.add(id);
      const all = faultsOf(point.text);
      const chosen = inEveryWay(workload) ? all : all.slice(turn % all.length).slice(0, 1);
      turn++;
      for (const fault of chosen) {
        faults.add(fault);
        planned++;
        await explorer.visit({ workload, connections, point, fault }, options.further);
        if (explorer.findings.some(stopAt)) return result();
      }
    }
    await explorer.check();
    options.tell?.(workload, result());
  }
  return result();

  function result(): Explored {
    const { visited, missed, findings } = explorer;
    return { sent, statements: known.size, faults: faults.size, planned, visited, missed, findings };
  }
}

/** Two are one and the same when their transactions said the same before them, and say the same next. */
function statementsOf(watch: Watch): Statement[] {
  return watch.transactions.flatMap(({ points }) =>
    points.map((point, at) => ({ id: `${point.place} ${points[at + 1]?.place ?? ''}`, point })),
  );
}

/** The figures of an exploration, in a line for people. */
export function inWords({ sent, statements, faults, planned, visited }: Explored, seconds: number): string {
  const percent = planned === 0 ? 0 : (100 * visited) / planned;
  return (
    `crash points: ${statements} different statements found among ${sent} sent, ${faults} ways to fail, ` +
    `${planned} visits planned, ${visited} made (${percent.toFixed(1)} %), ${seconds.toFixed(0)} s`
  );
}

export function visitInWords({ workload, connections, point, fault }: Visit): string {
  const text = point.text.replaceAll(/\s+/g, ' ').slice(0, 100);
  return `${fault} at ${point.step} ${point.nth} of "${text}" in "${workload.name}", ${connections}`;
}

export function findingInWords({ invariant, what, visit }: Finding): string {
  return `${invariant} broken: ${what.slice(0, 400)}; ${visitInWords(visit)}`;
}
