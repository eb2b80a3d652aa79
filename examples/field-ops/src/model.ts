import { collection, defineModel, keepEvenly, mutation } from '@ekbaar/sdk/model';
import * as z from 'zod/mini';

/** Instead of isWellFormed, which older phones lack: with the flag, whole pairs are one character and don't match. */
const halfPair = /\p{Surrogate}/u;
/** Text that PostgreSQL can keep: no NUL, no half of a surrogate pair. */
const text = (longest: number) =>
  z.string().check(
    z.maxLength(longest),
    z.refine((value) => !value.includes('\0') && !halfPair.test(value), 'text holds a NUL or half a character'),
  );
/** Text that may not be empty. */
const filled = (longest: number) => text(longest).check(z.minLength(1));

const Id = filled(64);
/** Whole paise; at most ten thousand million rupees, far above any loan and far below what a number holds exactly. */
const mostPaise = 1e12;
const Paise = z.int().check(z.positive(), z.maximum(mostPaise));
const TotalPaise = z.int().check(z.nonnegative(), z.maximum(mostPaise));
/** PostgreSQL knows no year 0, and no clock is earlier than this. */
const fromYear1000 = () => z.refine((text) => String(text) >= '1', 'a year before 1000');
const Day = z.iso.date().check(fromYear1000());
/** When a device says that something was: evidence, never order. */
const DeviceTime = z.iso.datetime({ offset: true }).check(z.maxLength(40), fromYear1000());

const place = {
  /** Degrees, WGS 84. */
  lat: z.number().check(z.minimum(-90), z.maximum(90)),
  lng: z.number().check(z.minimum(-180), z.maximum(180)),
  /** Radius in metres. */
  accuracyM: z.number().check(z.nonnegative(), z.maximum(1e7)),
};

export const DeliveryKind = z.enum(['disbursement', 'collection']);
export type DeliveryKind = z.infer<typeof DeliveryKind>;
export const DeliveryStatus = z.enum(['pending', 'confirmed', 'failed', 'cancelled']);
export type DeliveryStatus = z.infer<typeof DeliveryStatus>;

/*
 * Rows are what the server says, and have no limits here: another app of the operator's may have written more than a phone
 * may enter, and what it wrote has to be seen.
 */

/** ISO 8601, in UTC. */
const RowTime = z.string();
/** YYYY-MM-DD */
const RowDay = z.string();

export const Agent = z.object({
  id: z.string(),
  name: z.string(),
  phone: z.string(),
  regionId: z.string(),
  active: z.boolean(),
});
export type Agent = z.infer<typeof Agent>;

export const Delivery = z.object({
  id: z.string(),
  /** `disbursement`: cash out to the customer. `collection`: an instalment's cash in. */
  kind: DeliveryKind,
  status: DeliveryStatus,
  agentId: z.string(),
  regionId: z.string(),
  village: z.string(),
  pincode: z.string(),
  customerName: z.string(),
  customerPhone: z.string(),
  mfiId: z.string(),
  loanId: z.string(),
  /** Which instalment of the loan a collection is for; null for a disbursement. */
  instalmentNo: z.nullable(z.int()),
  amountPaise: z.int(),
  dueOn: RowDay,
  confirmedAt: z.nullable(RowTime),
  receiptNo: z.nullable(z.string()),
  failReason: z.nullable(z.string()),
});
export type Delivery = z.infer<typeof Delivery>;

const Disbursement = z.object({
  id: z.string(),
  deliveryId: z.string(),
  mfiId: z.string(),
  loanId: z.string(),
  amountPaise: z.int(),
  status: z.enum(['open', 'disbursed', 'reconciled', 'mismatch']),
  bankRef: z.nullable(z.string()),
  reconciledAt: z.nullable(RowTime),
  regionId: z.string(),
});

/** Where an agent was last; the whole track stays on the server. */
export const AgentPosition = z.object({
  agentId: z.string(),
  /** Degrees, WGS 84. */
  lat: z.number(),
  lng: z.number(),
  /** Radius in metres. */
  accuracyM: z.number(),
  at: RowTime,
  regionId: z.string(),
});
export type AgentPosition = z.infer<typeof AgentPosition>;

/** A delivery operator's day: what phones and consoles hold, and what people may do. */
export const model = defineModel({
  version: 1,
  collections: {
    agents: collection({ schema: Agent, key: 'id', indexes: ['regionId'] }),
    deliveries: collection({
      schema: Delivery,
      key: 'id',
      indexes: ['status', 'regionId', 'agentId', 'mfiId', 'dueOn', 'kind'],
    }),
    disbursements: collection({ schema: Disbursement, key: 'id', indexes: ['status', 'regionId'] }),
    agentPositions: collection({ schema: AgentPosition, key: 'agentId', indexes: ['regionId'] }),
  },
  mutations: {
    /** The agent handed the cash over, or took it. */
    confirmDelivery: mutation({
      args: z.object({
        deliveryId: Id,
        amountPaise: Paise,
        confirmedAt: DeviceTime,
        location: z.optional(z.object(place)),
      }),
      result: z.object({ receiptNo: filled(32) }),
      rejects: ['not_found', 'not_assigned', 'already_confirmed', 'cancelled', 'amount_mismatch'],
    }),
    /** The agent was there and the cash did not change hands. */
    failDelivery: mutation({
      args: z.object({ deliveryId: Id, reason: filled(500), note: z.optional(text(500)) }),
      rejects: ['not_found', 'not_assigned', 'already_confirmed', 'cancelled'],
    }),
    /** Where the agent is; leaves no receipt, so unsent ones may be thinned on the device. */
    recordLocation: mutation({
      args: z.object({ ...place, at: DeviceTime }),
      audit: false,
      thin: keepEvenly(500),
    }),
    /** Ops give a pending delivery to another agent. */
    assignDelivery: mutation({
      args: z.object({ deliveryId: Id, agentId: Id }),
      rejects: ['not_found', 'not_pending', 'no_such_agent'],
    }),
    /** Ops take a pending delivery off the day. */
    cancelDelivery: mutation({
      args: z.object({ deliveryId: Id, reason: filled(200) }),
      rejects: ['not_found', 'not_pending'],
    }),
    /** The settlement worker compares a disbursement with the bank's file. */
    reconcileDisbursement: mutation({
      args: z.object({ disbursementId: Id, bankRef: filled(64), amountPaise: Paise }),
      result: z.object({ status: z.enum(['reconciled', 'mismatch']) }),
      rejects: ['not_found', 'already_reconciled', 'not_disbursed'],
    }),
    /** The agent counts the cash at the end of the day; the differences are what they counted minus what the ledger has. */
    closeDay: mutation({
      args: z.object({
        date: Day,
        collectedPaise: TotalPaise,
        disbursedPaise: TotalPaise,
        count: z.int().check(z.nonnegative(), z.maximum(100_000)),
      }),
      result: z.object({
        differences: z.object({ collectedPaise: z.int(), disbursedPaise: z.int(), count: z.int() }),
      }),
      rejects: ['already_closed'],
    }),
  },
});

export type FieldOpsModel = typeof model;
