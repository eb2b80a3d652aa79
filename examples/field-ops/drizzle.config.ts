import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: [
    './src/server/tables.ts',
    './src/server/identity/tables.ts',
    './src/server/jobs/tables.ts',
    './src/server/settlement/tables.ts',
    './src/server/exports/tables.ts',
    './src/server/records/tables.ts',
  ],
  out: './migrations',
});
