import { setTimeout as sleep } from 'node:timers/promises';
import type { Violation } from '../chaos/violation.ts';
import { checkWorlds } from './check-worlds.ts';
import type { CrashPoint, Watch } from './crash-point.ts';
import type { Decide } from './faulty-line.ts';
import { type Fault, isCommit, losesConnection } from './fault.ts';
import { layGround } from './ground.ts';
import type { Stage } from './stage.ts';
import type { Workload } from './workloads.ts';
import { World } from './world.ts';

/** Whether the server's connections have the plans of what they will be asked, so that statements go out in one flight. */
export type Connections = 'warm' | 'cold';

/** A statement of a workload, and one way for it to fail. */
export interface Visit {
  readonly workload: Workload;
  readonly connections: Connections;
  readonly point: CrashPoint;
  readonly fault: Fault;
}

/** An invariant that did not hold after a visit. */
export interface Finding extends Violation {
  readonly visit: Visit;
}

const groundAtOnce = 25;
const checkedAtOnce = 60;
/** A connection may lack a plan, and where statements of several requests meet, one may come otherwise than before. */
const mostTriesOfVisit = 5;
const mostRecordings = 12;
/** What the server takes to hear that its connections are gone. */
const hearingMs = 5;

/** Finds out what a server says to PostgreSQL, and has each of it fail in every way. */
export class Explorer {
  readonly findings: Finding[] = [];
  /** Visits whose statement did not come again. */
  readonly missed: Visit[] = [];
  /** Visits whose statement did fail. */
  visited = 0;
  readonly #stage: Stage;
  #tenants: string[] = [];
  #grounds = 0;
  #unchecked: { readonly visit: Visit; readonly world: World }[] = [];

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** The statements of a workload in which nothing fails: the same ones twice in a row. */
  async discover(workload: Workload, connections: Connections): Promise<Watch> {
    let before: string | undefined;
    for (let recordings = 0; recordings < mostRecordings; recordings++) {
      if (connections === 'cold') await this.#cutAll();
      const { watch, world } = await this.#run(workload, () => undefined);
      const [findings] = (await checkWorlds(this.#stage.sql, [world])).values();
      if (findings !== undefined && findings.length > 0) {
        throw new Error(`"${workload.name}" breaks without any fault: ${JSON.stringify(findings.slice(0, 5))}`);
      }
      const places = watch.points.map(({ place, nth }) => `${place} ${nth}`).join();
      const isWarm = watch.points.every(({ step }) => step === 'run');
      if (places === before && (connections === 'cold' || isWarm)) return watch;
      before = places;
    }
    throw new Error(`"${workload.name}" says something else each time`);
  }

  /** Has a statement fail. The invariants are checked for many visits together: each has a tenant of its own. */
  async visit(visit: Visit, further: Decide = () => undefined): Promise<void> {
    const { workload, connections, point, fault } = visit;
    for (let tries = 0; tries < mostTriesOfVisit; tries++) {
      // A warm visit whose connection has no plan yet misses its statement: then it has warmed the connection.
      if (connections === 'cold') await this.#cutAll();
      let fired = false;
      const { world } = await this.#run(workload, (met, at) => {
        if (fired) return further(met);
        if (met.place !== point.place || met.nth !== point.nth) return undefined;
        fired = true;
        if (isCommit(point.text) && losesConnection(fault)) at.expectUnknown();
        return fault;
      });
      if (fired) this.visited++;
      this.#unchecked.push({ visit, world });
      if (this.#unchecked.length >= checkedAtOnce) await this.check();
      if (fired) return;
    }
    this.missed.push(visit);
  }

  /** Checks what was visited and not checked yet. */
  async check(): Promise<void> {
    const unchecked = this.#unchecked;
    this.#unchecked = [];
    const found = await checkWorlds(
      this.#stage.sql,
      unchecked.map(({ world }) => world),
    );
    for (const { world, visit } of unchecked) {
      for (const violation of found.get(world) ?? []) this.findings.push({ ...violation, visit });
    }
  }

  async #run(
    workload: Workload,
    decide: (point: CrashPoint, world: World) => Fault | undefined,
  ): Promise<{ watch: Watch; world: World }> {
    const world = new World(this.#stage, await this.#freshTenant());
    await world.open();
    const watch = await this.#stage.line.watching(
      (point) => decide(point, world),
      () => workload.run(world),
    );
    await world.catchUp();
    return { watch, world };
  }

  async #freshTenant(): Promise<string> {
    const tenant = this.#tenants.pop();
    if (tenant !== undefined) return tenant;
    const ground = ++this.#grounds;
    this.#tenants = Array.from({ length: groundAtOnce }, (_, at) => `v${ground}-${at}`);
    await layGround(this.#stage.sql, this.#tenants);
    return this.#freshTenant();
  }

  async #cutAll(): Promise<void> {
    this.#stage.line.cutAll();
    await sleep(hearingMs);
  }
}
