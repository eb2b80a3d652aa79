// Writes one export as a worker does, in a process of its own, and says how much memory that took at most.
import { nodePlatform, openDatabase } from '@ekbaar/server';
import { writeExport } from '../../examples/field-ops/src/server/exports/write-export.ts';

const [url, tenant = '', id = ''] = process.argv.slice(2);
const database = await openDatabase({ url, connections: 3 });
const log = { info: () => {} };
const written = await writeExport({ database, clock: nodePlatform.clock, log }, tenant, id);
await database.close();
console.log(JSON.stringify({ rows: written?.rows, state: written?.state, maxRssKb: process.resourceUsage().maxRSS }));
