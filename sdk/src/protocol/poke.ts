import * as z from 'zod/mini';
import { ScopeName } from './identity.ts';

/** Data of `event: poke` on `GET /v1/events`: scope → version. Only a hint; losing one loses nothing. */
export const Poke = z.object({ scopes: z.record(ScopeName, z.int().check(z.nonnegative())) });
export type Poke = z.infer<typeof Poke>;
