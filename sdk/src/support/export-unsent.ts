import { isPending, isSkip, type LogEntry, needsAttention } from '../log/entry.ts';
import { type AnyClient, partsOf } from '../parts.ts';
import { readLog } from '../tabs/catch-up.ts';
import type { UnsentEntry, UnsentFile } from './unsent-file.ts';

/**
 * Everything that only this device has, as the text of a JSON file for support: mutations without an outcome, and
 * refusals that nobody has dealt with. Works without a network and without a token; changes nothing.
 *
 * @throws ClosedError when the client is closed.
 */
export async function exportUnsent(client: AnyClient): Promise<string> {
  const { actor, device, model, platform } = partsOf(client);
  // From the disk: other tabs may have more than this one has heard of.
  const { identity, entries } = await readLog(device.store);
  const file: UnsentFile = {
    format: 'ekbaar-unsent',
    version: 1,
    exportedAt: new Date(platform.now()).toISOString(),
    clockErrorMs: device.board.get().clockErrorMs,
    tenant: actor.tenant,
    actor: actor.id,
    clientId: identity?.clientId ?? client.clientId,
    model: model.version,
    entries: unsentOf(entries).map((entry) => toEntry(entry)),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** What only this device has. */
export function unsentOf(entries: readonly LogEntry[]): readonly LogEntry[] {
  return entries.filter((entry) => (isPending(entry) && !isSkip(entry)) || needsAttention(entry));
}

export function toEntry(entry: LogEntry): UnsentEntry {
  const { id, key, name, args, at, model, sent = false, receipt, closeReason, replaces } = entry;
  return {
    ...{ id, key, name, args, at, model, sent, pending: isPending(entry) },
    ...(receipt && { receipt }),
    ...(closeReason !== undefined && { closeReason }),
    ...(replaces !== undefined && { replaces }),
  };
}
