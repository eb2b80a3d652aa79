// Settles a bank's file from the command line, as the worker does with one that was uploaded:
//   node examples/field-ops/src/server/settle.ts --tenant pennco statement.csv
// It may be stopped and started again at any point. Ends with 0 when everything fits, 2 when people have to look.
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { nodePlatform, pinoLog } from '@ekbaar/server';
import { fieldOpsServer } from './app.ts';
import { readConfig } from './config.ts';
import { receiveFile } from './settlement/receive-file.ts';
import { runInWords } from './settlement/run-in-words.ts';
import { runAgain, settle } from './settlement/settlement-run.ts';
import { databaseProblem, naming, openNaming } from './start-problem.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { tenant: { type: 'string' }, again: { type: 'boolean', default: false } },
});
const [file] = positionals;
if (values.tenant === undefined || file === undefined || positionals.length > 1) {
  console.error('Usage: settle.ts --tenant <operator> [--again] <file.csv>');
  process.exit(64);
}
const { tenant } = values;
const config = readConfig(process.env, () => randomBytes(32).toString('base64url'));
const { clock } = nodePlatform;
const log = pinoLog({ level: config.logLevel === 'info' ? 'warn' : config.logLevel });
const { databaseUrl: url, dataDir, connections, pooler } = config;
const database = await openNaming({ url, dataDir, connections, pooler });
const server = fieldOpsServer(database, config.keys, { platform: { log } });
await naming(server.start(), databaseProblem);
const received = { tenant, name: basename(file), by: 'command line', bytes: createReadStream(file) };
const { run, isNew } = await receiveFile(database, received, clock);
if (!isNew && values.again) await runAgain(database, tenant, run.id);
const done = await settle({ database, engine: server.engine, clock, log }, tenant, run.id);
await server.close();
if (done === undefined) throw new Error(`The run ${run.id} is gone`);
const { text, fits } = runInWords(done);
console.log(text);
process.exitCode = fits ? 0 : 2;
