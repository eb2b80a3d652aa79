/**
 * The border to everything outside: one small interface for all parties, since what matters is the same for all. An SMS
 * gateway, a bank and an MFI are asked to do something once; they may say yes, no, later, or nothing that can be relied on.
 */
export interface Port<Request> {
  /** Of the adapter and its provider, for people: `razorpay`. */
  readonly provider: string;
  /**
   * What helps when nobody knows whether the last try did something:
   * - `repeat`: the same again under the same key, which the provider recognises
   * - `ask`: `find`, and only what it has not got is done again
   * - `stop`: nothing; a report of the provider may still tell, otherwise people have to find out
   */
  readonly afterUnknown: 'repeat' | 'ask' | 'stop';
  /** Asks for it to be done. Never throws for what the other side did. */
  act(request: Request, how: Trying): Promise<Answer>;
  /** Looks up what was made of it. `absent` is an answer too: nothing has come of it. */
  find?(request: Request, how: Trying): Promise<Answer>;
}

export interface Trying {
  /** The idempotency key: the same for every try. */
  readonly key: string;
  /** When the first try of it was made, for providers that are asked by time. */
  readonly firstTriedAt: Date;
  readonly signal: AbortSignal;
}

/** What an outside party made of a request. */
export type Answer = Evidence &
  (
    | { readonly outcome: 'done'; readonly providerId?: string | undefined; readonly report?: PayoutReport }
    /** A final no: the same again would be refused again. */
    | { readonly outcome: 'refused'; readonly detail: string }
    /** Nothing was done; later it may be. */
    | { readonly outcome: 'retry'; readonly detail: string; readonly afterMs?: number | undefined }
    /** It was done, or it was not. */
    | { readonly outcome: 'unknown'; readonly detail: string; readonly afterMs?: number | undefined }
    /** Of `find` only. */
    | { readonly outcome: 'absent' }
  );

/** What was said, for people who look into it later: how it began, without secrets. */
export interface Evidence {
  readonly httpStatus?: number | undefined;
  readonly request?: string | undefined;
  readonly answer?: string | undefined;
}

/** Where a payout stands, in the words of this operation. */
export interface PayoutReport {
  readonly status: 'accepted' | 'processing' | 'paid' | 'cancelled' | 'failed' | 'reversed';
  readonly bankRef?: string | undefined;
  readonly failure?: string | undefined;
}

/** A text to a customer's phone. */
export interface Sms {
  /** As in the row: digits, with or without +91. */
  readonly to: string;
  readonly text: string;
}

/** A plain text by e-mail. */
export type Email = Sms;

/** Variables of a template that WhatsApp has approved. */
export interface WhatsAppMessage {
  readonly to: string;
  readonly variables: readonly string[];
}

/** Whole paise to an account that the provider knows. */
export interface PayoutOrder {
  readonly amountPaise: number;
  readonly destination: string;
  readonly narration: string;
}

/** An event for an MFI. */
export interface PartnerEvent {
  readonly url: string;
  /** The same for every endpoint and every try: the receiver knows a repeat by it. */
  readonly webhookId: string;
  readonly body: string;
  /** Each one signs: during a rotation the receiver may know either. */
  readonly secrets: readonly string[];
}

export type SmsPort = Port<Sms>;
export type EmailPort = Port<Email>;
export type WhatsAppPort = Port<WhatsAppMessage>;
/** Its `find` is also how the status of a payout is asked for. */
export type PaymentPort = Port<PayoutOrder> & Required<Pick<Port<PayoutOrder>, 'find'>>;
export type PartnerPort = Port<PartnerEvent>;
