import { by, defineConfig } from '@ekbaar/server';
import { confirmVisit } from './confirm-visit.ts';
import { model } from './model.ts';
import { payments, visits } from './tables.ts';

export default defineConfig({
  model,
  tables: { visits: { table: visits, scopes: [by('agent', visits.agentId)] } },
  // Mutators write it, phones never see it.
  serverTables: [payments],
  mutators: { confirmVisit },
  queues: ['send-receipt'],
  // A token's `sub` is Django's user id.
  scopes: (actor) => [`agent:${actor.id}`],
});
