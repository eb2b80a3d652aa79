import * as z from 'zod/mini';
import { consumer } from './consumer.ts';

export const exportRows = consumer(z.object({ tenant: z.string(), exportId: z.uuid() }), () =>
  Promise.resolve({ verdict: 'done' as const }),
);
