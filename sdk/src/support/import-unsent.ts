import * as z from 'zod/mini';
import { type AnyClient, type ClientParts, partsOf } from '../parts.ts';
import { UnsentFile } from './unsent-file.ts';

/** What became of a file's mutations, by key. */
export interface Imported {
  /** Now in this client's log, and on their way: `client.outcome(key)` tells how each ends. */
  readonly imported: readonly string[];
  /** In this client's log already. */
  readonly known: readonly string[];
  /** Not taken: refused by the server before, or without receipts (pings), which could happen twice. */
  readonly left: readonly string[];
}

/** The file cannot be imported; nothing was. */
export class ImportError extends Error {
  override readonly name = 'ImportError';
  /** `unreadable_file`: not written by `exportUnsent`. `another_actor`: the log of somebody else. */
  readonly code: 'unreadable_file' | 'another_actor';

  constructor(code: ImportError['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/**
 * Puts the mutations of a file into the log of a client of the same actor, under their old keys and in their order.
 * The server knows each by its key: whether the first device comes back, or the file is imported again, each happens once.
 *
 * @param file what `exportUnsent` has written
 * @throws ImportError when the file is none of this actor's.
 * @throws NotSavedError when the disk refused.
 */
export async function importUnsent(client: AnyClient, file: string | Blob): Promise<Imported> {
  const parts = partsOf(client);
  const importing = (imports.get(parts) ?? Promise.resolve()).then(() => importInto(parts, file));
  imports.set(
    parts,
    importing.catch(() => {}),
  );
  return importing;
}

/** The last import into each client: the next one has to see what it has brought. */
const imports = new WeakMap<ClientParts, Promise<unknown>>();

async function importInto({ actor, device, model, sync }: ClientParts, file: string | Blob): Promise<Imported> {
  const { tenant, actor: id, entries } = parse(typeof file === 'string' ? file : await file.text());
  if (tenant !== actor.tenant || id !== actor.id) {
    throw new ImportError('another_actor', `The file is of ${id} (${tenant}), and this client of ${actor.id}`);
  }
  // What other tabs have imported counts too.
  await device.readAgain();
  const known: string[] = [];
  const left: string[] = [];
  const saving = new Map<string, Promise<unknown>>();
  for (const { key, name, args, at, model: madeWith, pending, receipt, replaces } of entries) {
    if (device.log.find(key) || saving.has(key)) known.push(key);
    else if (!pending || model.mutations[name]?.audit === false) left.push(key);
    else {
      const again = receipt && { receipt, again: true };
      // Perhaps it was not sent; that it may have been is what must never be forgotten.
      const draft = { key, name, args, at, model: madeWith, sent: true, ...again, ...(replaces && { replaces }) };
      saving.set(key, device.log.append(draft));
    }
  }
  await Promise.all(saving.values());
  // That they may have been sent before is no reason to wait: the tab that leads is told of new ones only.
  if (device.tabs.leads) sync.mutationMade();
  else sync.now().catch(() => {});
  return { imported: [...saving.keys()], known, left };
}

function parse(text: string): UnsentFile {
  try {
    return z.parse(UnsentFile, JSON.parse(text));
  } catch (error) {
    throw new ImportError('unreadable_file', 'This is no file of unsent mutations, or one of another version', error);
  }
}
