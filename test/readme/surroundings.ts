/** What the guides' code takes for granted. */
import type { Client, StoreFactory } from '@ekbaar/sdk';
import { collection, defineModel, mutation } from '@ekbaar/sdk/model';
import type { OpenSqlite } from '@ekbaar/sdk/store/sqlite';
import * as z from 'zod/mini';

export { useQuery } from '@tanstack/react-query';
export { test } from 'vitest';
export { z };

export const model = defineModel({
  version: 1,
  collections: {
    deliveries: collection({ schema: z.object({ id: z.string(), status: z.string() }), key: 'id' }),
  },
  mutations: {
    confirmDelivery: mutation({
      args: z.object({ deliveryId: z.string(), amountPaise: z.int() }),
      result: z.object({ receiptNo: z.string() }),
      rejects: ['amount_mismatch', 'not_assigned'],
    }),
    failDelivery: mutation({ args: z.object({ deliveryId: z.string() }) }),
  },
});

export declare const client: Client<typeof model>;
export declare const url: string;
export declare const actor: { tenant: string; id: string };
export declare const token: () => Promise<string>;
export declare const readSession: () => Promise<{ actor: { tenant: string; id: string }; token: string } | undefined>;
export declare const store: StoreFactory;
export declare const record: Awaited<ReturnType<typeof client.rejections.read>>[number];
export declare const key: CryptoKey & string;
export declare const newKey: CryptoKey;
export declare const oldKey: CryptoKey;
export declare const counted: number;
export declare const text: string;
export declare const yours: OpenSqlite;
export declare const supportScreen: Element;
export declare const show: (...values: unknown[]) => void;
