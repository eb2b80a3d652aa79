import type { Client } from './client.ts';
import type { Actor } from './client-options.ts';
import type { Device } from './device.ts';
import type { Model } from './model/index.ts';
import type { Platform } from './platform.ts';
import type { Sync } from './sync/start-sync.ts';

/** What a client is made of: for the SDK's other entry points, which most apps never load. */
export interface ClientParts {
  readonly actor: Actor;
  readonly model: Model;
  readonly platform: Platform;
  readonly device: Device;
  readonly sync: Sync;
}

/** A client of whatever model: what does not depend on it. */
export type AnyClient = Pick<Client<Model>, 'actor' | 'clientId' | 'status' | 'sync'>;

/** Registered, so that bundles which each have a copy of this file understand one another. */
export const parts = Symbol.for('ekbaar.parts');

/** @throws TypeError when it is no client of this SDK. */
export function partsOf(client: AnyClient): ClientParts {
  const found = (client as AnyClient & { readonly [parts]?: ClientParts })[parts];
  if (!found) throw new TypeError('This is no client made by createClient');
  return found;
}
