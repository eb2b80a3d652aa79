import { Counter, Gauge, type Registry } from 'prom-client';
import type { EngineState } from '../engine/engine-state.ts';

/** What is looked up when somebody asks for the metrics, rather than told as it happens. */
export interface Readings {
  /** undefined: the database did not answer in time. */
  state(): Promise<EngineState | undefined>;
  /** Connections that a transaction holds, and transactions that wait for one; undefined for a database without a pool. */
  connections(): { readonly held: number; readonly waiting: number; readonly most: number } | undefined;
  /** Requests that work with the database, and requests that wait for their turn. */
  admission(): { readonly running: number; readonly waiting: number };
  /** Event streams that are open. */
  streams(): number;
  /** Pokes since the start: handed to streams of this node, told to other nodes, heard from them. */
  pokes(): { readonly streamed: number; readonly sent: number; readonly received: number };
}

/** Gauges for what is looked up; the answer takes their values anew, before each scrape. */
export function readingMetrics(registers: Registry[], readings: Readings): () => Promise<void> {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const working = gauge('ekbaar_requests_working', 'Requests that work with the database');
  const waiting = gauge('ekbaar_requests_waiting', 'Requests that wait for their turn');
  const streams = gauge('ekbaar_event_streams', 'Event streams open on this node');
  const inUse = gauge('ekbaar_connections_in_use', 'Database connections that a transaction holds');
  const most = gauge('ekbaar_connections_most', 'Database connections there may be on this node');
  const queued = gauge('ekbaar_connections_waiting', 'Transactions that wait for a connection');
  const answers = gauge('ekbaar_database_answers', '1: the database answered this scrape in time; 0: it did not');
  const deadLetters = gauge(
    'ekbaar_dead_letters',
    'Dead letters that nobody has dealt with; 10,000 at most are counted',
  );
  const halted = gauge('ekbaar_halted_mutations', 'Mutations that threw and will be tried again; 10,000 at most');
  const marks = gauge('ekbaar_unpublished_marks', 'Writes that are not published yet; 100,000 at most are counted');
  const oldest = gauge('ekbaar_unpublished_oldest_seconds', 'How long the oldest of them has waited; 0 without any');
  const pokes = new Counter({
    name: 'ekbaar_pokes_total',
    help: "Pokes handed to this node's event streams, told to other nodes, and heard from them",
    labelNames: ['way'],
    registers,
  });
  return async () => {
    const state = await readings.state();
    answers.set(state === undefined ? 0 : 1);
    // Of what could not be read nothing is said: an old number would look like a new one.
    for (const gauge of [deadLetters, halted, marks, oldest]) gauge.remove();
    if (state !== undefined) {
      deadLetters.set(state.deadLetters);
      halted.set(state.halted);
      marks.set(state.marks);
      oldest.set((state.oldestMarkMs ?? 0) / 1000);
    }
    const pool = readings.connections();
    for (const gauge of [inUse, most, queued]) gauge.remove();
    if (pool !== undefined) {
      inUse.set(pool.held);
      most.set(pool.most);
      queued.set(pool.waiting);
    }
    const load = readings.admission();
    working.set(load.running);
    waiting.set(load.waiting);
    streams.set(readings.streams());
    pokes.reset();
    for (const [way, count] of Object.entries(readings.pokes())) pokes.inc({ way }, count);
  };
}
