import type { Model } from '@ekbaar/sdk/model';
import { deadCodes, rejectedCodes, skipName, stopCodes } from '@ekbaar/sdk/protocol';
import { Counter, Histogram, type Registry } from 'prom-client';
import { databaseFault } from '../db/fault.ts';
import type { EngineObserver } from '../engine/observer.ts';
import { counts, seconds } from './buckets.ts';
import { labelOf } from './label.ts';

/** Codes with which the engine itself refuses or buries, whatever the model. */
const engineCodes: readonly string[] = [...rejectedCodes, ...deadCodes];

/** Counts what the engine does. Every label has few values, whatever clients send. */
export function engineMetrics(
  registers: Registry[],
  options: {
    readonly model: Model;
    readonly scopeKinds: readonly string[];
    readonly tenantLabel: boolean;
    readonly monotonic: () => number;
  },
): EngineObserver {
  const { model, monotonic } = options;
  const tenantLabels = options.tenantLabel ? (['tenant'] as const) : [];
  const ofTenant = (tenant: string): { tenant?: string } => (options.tenantLabel ? { tenant } : {});
  const scopeKinds = ['actor', ...options.scopeKinds];
  const nameLabel = labelOf([...Object.keys(model.mutations), skipName], 'unknown');
  const rejects = Object.values(model.mutations).flatMap((declared) => declared.rejects);
  const codeLabel = labelOf([...engineCodes, ...rejects], 'other');
  const kindLabel = labelOf(scopeKinds, 'other');

  const mutations = new Counter({
    name: 'ekbaar_mutations_total',
    help: 'Mutations answered, by name and outcome; replayed ones did not run again',
    labelNames: ['name', 'outcome', 'replayed', ...tenantLabels],
    registers,
  });
  const rejections = new Counter({
    name: 'ekbaar_rejections_total',
    help: 'Mutations that became rejected or dead, by code; replays are left out',
    labelNames: ['code', ...tenantLabels],
    registers,
  });
  const stops = new Counter({
    name: 'ekbaar_push_stops_total',
    help: "Pushes where the server went no further into the client's log, by code",
    labelNames: ['code', ...tenantLabels],
    registers,
  });
  const pushSize = new Histogram({
    name: 'ekbaar_push_mutations',
    help: 'Mutations in a push that has any',
    buckets: counts.slice(1),
    registers,
  });
  const stepSeconds = new Histogram({
    name: 'ekbaar_step_duration_seconds',
    help: "The engine's part of a request, waiting for a connection included",
    labelNames: ['step', 'outcome'],
    buckets: seconds,
    registers,
  });
  const transactionSeconds = new Histogram({
    name: 'ekbaar_transaction_duration_seconds',
    help: "A try of a transaction, waiting for a connection included; conflict: it was in another's way and ran again",
    labelNames: ['of', 'outcome'],
    buckets: seconds,
    registers,
  });
  const deltaChanges = new Histogram({
    name: 'ekbaar_delta_changes',
    help: 'Changes in a delta',
    buckets: counts,
    registers,
  });
  const resets = new Counter({
    name: 'ekbaar_delta_resets_total',
    help: 'Scopes that a client had to forget and load again, by kind',
    labelNames: ['kind', ...tenantLabels],
    registers,
  });
  const divergences = new Counter({
    name: 'ekbaar_divergences_total',
    help: 'Scopes whose count or checksum did not fit on a client, by kind',
    labelNames: ['kind', ...tenantLabels],
    registers,
  });
  const versions = new Counter({
    name: 'ekbaar_versions_total',
    help: "New versions of scopes, by who published them: a mutation's transaction or the sweeper",
    labelNames: ['by', ...tenantLabels],
    registers,
  });

  if (!options.tenantLabel) {
    // At 0 from the start, so that the first of each is seen as a rise.
    for (const code of stopCodes) stops.inc({ code }, 0);
    for (const by of ['write', 'sweep']) versions.inc({ by }, 0);
    for (const kind of scopeKinds) {
      resets.inc({ kind }, 0);
      divergences.inc({ kind }, 0);
    }
  }

  return {
    async step(step, run) {
      const began = monotonic();
      const observe = (outcome: 'done' | 'conflict' | 'failed') => {
        const took = (monotonic() - began) / 1000;
        if (step.kind === 'transaction') transactionSeconds.observe({ of: step.of, outcome }, took);
        else stepSeconds.observe({ step: step.kind, outcome }, took);
      };
      try {
        const value = await run();
        observe('done');
        return value;
      } catch (error) {
        observe(databaseFault(error) === 'conflict' ? 'conflict' : 'failed');
        throw error;
      }
    },
    pushed({ tenant, mutations: count, stopped }) {
      if (count > 0) pushSize.observe(count);
      if (stopped !== undefined) stops.inc({ code: stopped, ...ofTenant(tenant) });
    },
    mutation({ tenant, name, outcome, code, replayed }) {
      mutations.inc({ name: nameLabel(name), outcome, replayed: String(replayed), ...ofTenant(tenant) });
      if (!replayed && code !== undefined) rejections.inc({ code: codeLabel(code), ...ofTenant(tenant) });
    },
    delta({ tenant, changes, reset, diverged }) {
      deltaChanges.observe(changes);
      for (const kind of reset) resets.inc({ kind: kindLabel(kind), ...ofTenant(tenant) });
      for (const kind of diverged) divergences.inc({ kind: kindLabel(kind), ...ofTenant(tenant) });
    },
    published({ tenant, scopes, by }) {
      versions.inc({ by, ...ofTenant(tenant) }, scopes);
    },
  };
}
