/** What the examples of the doc comments take for granted. */
import type { Client, ClientOptions, StoreFactory } from '@ekbaar/sdk';
import { collection, defineModel, mutation } from '@ekbaar/sdk/model';
import type { ReactNativeParts } from '@ekbaar/sdk/react-native';
import * as z from 'zod/mini';

export { z };

export const model = defineModel({
  version: 1,
  collections: {
    deliveries: collection({
      schema: z.object({ id: z.string(), status: z.enum(['pending', 'confirmed']), amountPaise: z.int() }),
      key: 'id',
    }),
  },
  mutations: {
    confirmDelivery: mutation({
      args: z.object({ deliveryId: z.string(), amountPaise: z.int() }),
      result: z.object({ receiptNo: z.string() }),
    }),
  },
});

export declare const client: Client<typeof model>;
export declare const clientOptions: ClientOptions<typeof model>;
export declare const key: CryptoKey;
export declare const myStore: () => StoreFactory;
export declare const NetInfo: ReactNativeParts['NetInfo'];
export declare const AppState: ReactNativeParts['AppState'];
export declare const getRandomBytes: (length: number) => Uint8Array;
export declare const storage: NonNullable<ReactNativeParts['storage']>;
export declare const session: { token(): Promise<string> };
