// A process full of agents with their phones; it can be killed at any moment and goes on where it was.
import { mkdirSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { chanceOf } from '../chaos/chance.ts';
import { seededFaults } from '../chaos/line-faults.ts';
import { startBadNetwork } from '../support/bad-network.ts';
import { bearerTokens } from '../support/bearer-tokens.ts';
import { FieldAgent } from './field-agent.ts';
import { FieldPhone } from './field-phone.ts';
import { Notebook, readNotes } from './note.ts';

/** What the parent tells it, as its only argument, in JSON. */
export interface AgentsOrder {
  readonly seed: number;
  /** Port of the balancer in front of the nodes. */
  readonly port: number;
  readonly secret: string;
  readonly directory: string;
  readonly notes: string;
  readonly agents: readonly { readonly tenant: string; readonly id: string }[];
  /** Every so many agents have a second phone. */
  readonly secondPhoneEvery: number;
  /** Milliseconds since 1970: when it is given up that everything is sent. */
  readonly deadline: number;
}

/** The first message to it: the day begins, and is over then, in milliseconds since 1970. */
export interface DayBegins {
  readonly until: number;
}

const order = JSON.parse(process.argv[2] ?? '{}') as AgentsOrder;
// The parent is gone: nobody waits for this.
process.on('disconnect', () => process.exit(1));
const before = readNotes(order.notes);
const notebook = new Notebook(order.notes);
const faults = chanceOf(order.seed, before.length);
const line = await startBadNetwork({ target: { host: '127.0.0.1', port: order.port }, random: faults.random });
line.rules.latencyMs = 20;
line.rules.decide = seededFaults(faults);
const tokenOf = bearerTokens(order.secret);

const agents: FieldAgent[] = [];
for (const [at, { tenant, id: agentId }] of order.agents.entries()) {
  const directory = join(order.directory, tenant, agentId);
  mkdirSync(directory, { recursive: true });
  const count = at % order.secondPhoneEvery === 0 ? 2 : 1;
  const phones: FieldPhone[] = [];
  for (let no = 1; no <= count; no++) {
    const { url } = line;
    phones.push(await FieldPhone.open({ tenant, agentId, no, url, directory, tokenOf, notebook, before }));
  }
  agents.push(new FieldAgent(phones, chanceOf(order.seed + at, before.length), notebook));
}
process.send?.('open');
const [{ until }] = (await once(process, 'message')) as [DayBegins];

await Promise.all(agents.map((agent) => agent.work(until)));
// In the evening they are in town.
line.rules.decide = () => ({ kind: 'pass' });
const waiting = [...agents];
let unsent = 0;
const goHome = async () => {
  for (let agent = waiting.shift(); agent !== undefined; agent = waiting.shift())
    if (!(await agent.goHome(order.deadline))) unsent++;
};
await Promise.all(Array.from({ length: 8 }, goHome));
notebook.write({ note: 'line', counts: line.counts });
await line.close();
if (unsent > 0) console.error(`${unsent} agents could not send everything`);
process.exit(unsent === 0 ? 0 : 2);
