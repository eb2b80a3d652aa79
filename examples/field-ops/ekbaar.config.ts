import { fileURLToPath } from 'node:url';
import { type Actor, by, defineConfig, type ReadableScope } from '@ekbaar/server';
import { model } from './src/model.ts';
import { queues } from './src/server/jobs/queues.ts';
import { jobTables } from './src/server/jobs/tables.ts';
import { exportTables } from './src/server/exports/tables.ts';
import { settlementTables } from './src/server/settlement/tables.ts';
import { mutators, regionsOf } from './src/server/mutators.ts';
import { recordTables } from './src/server/records/tables.ts';
import { agentPositions, agents, deliveries, disbursements, serverTables } from './src/server/tables.ts';

export default defineConfig({
  model,
  tables: {
    agents: { table: agents, scopes: [by('agent', agents.id), by('region', agents.regionId)] },
    deliveries: { table: deliveries, scopes: [by('agent', deliveries.agentId), by('region', deliveries.regionId)] },
    disbursements: { table: disbursements, scopes: [by('region', disbursements.regionId)] },
    agentPositions: { table: agentPositions, scopes: [by('region', agentPositions.regionId)] },
  },
  serverTables: [...serverTables, ...jobTables, ...settlementTables, ...exportTables, ...recordTables],
  mutators,
  queues,
  scopes: readableScopes,
  migrations: fileURLToPath(new URL('./migrations', import.meta.url)),
});

function readableScopes(actor: Actor): ReadableScope[] {
  switch (actor.role) {
    case 'agent':
      return [`agent:${actor.id}`];
    case 'ops':
    case 'settlement': {
      const regions = regionsOf(actor);
      return regions.includes('*') ? [{ prefix: 'region:' }] : regions.map((region) => `region:${region}`);
    }
    default:
      return [];
  }
}
