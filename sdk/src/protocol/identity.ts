import * as z from 'zod/mini';
import { limits } from './limits.ts';

/** One install of the SDK for one (tenant, actor). */
export const ClientId = z.string().check(z.regex(/^[A-Za-z0-9_-]{8,64}$/, 'a client id is 8 to 64 of A-Z a-z 0-9 _ -'));

/** Position in one client's mutation log: 1, 2, 3 …, without gaps. */
export const MutationId = z.int().check(z.positive());

/** Minted once, when the person acted, and kept for ever with the mutation. */
export const IdempotencyKey = z.guid('an idempotency key is a UUID');

/** ISO 8601 with an offset or `Z`, from the year 1000 on: no clock is earlier, and PostgreSQL knows no year 0. */
export const Timestamp = z.iso.datetime({ offset: true }).check(
  z.refine((text) => text >= '1', 'a year before 1000'),
  z.maxLength(40),
);

/** The unit of partial sync, for example `agent:a17`. */
export const ScopeName = z.string().check(z.minLength(1), z.maxLength(200));

/** Opaque to the client: stored and sent back as it came. */
export const Cursor = z.string().check(z.minLength(1), z.maxLength(limits.cursorLength));

/** Version of the app's model. */
export const ModelVersion = z.int().check(z.positive());
