/** Writes `docs/api` from the doc comments of the SDK. Say something about everything that is exported. */
import { join } from 'node:path';
import { generate } from './generate.ts';

const complaints = await generate(join(import.meta.dirname, '../../docs/api'));
console.log(complaints.length === 0 ? 'docs/api is up to date.' : complaints.join('\n'));
process.exitCode = complaints.length === 0 ? 0 : 1;
