/**
 * Every code that the SDK's errors and `status.lastError` carry, besides the server's own problem codes.
 * `retry` says when the same can work: `later` by itself, `never` without somebody doing something.
 */
export const errorCodes = {
  /** The arguments fit neither JSON nor the model; nothing was kept. */
  invalid_args: 'never',
  /** The device could not write to its disk (full, or taken away); nothing was kept. */
  not_saved: 'later',
  /** The device's disk is full; nothing was kept. */
  store_full: 'later',
  /** What is on the device was written by a later version of the app, or of the SDK. Update the app. */
  store_too_new: 'never',
  /** This build of SQLite does not keep what it says it has written. */
  store_not_durable: 'never',
  /** Another tab or connection holds the data and does not let go, or the browser does not open it. */
  store_blocked: 'later',
  /** What is on the device cannot be read. */
  store_broken: 'never',
  /** The key does not open what is on the device; nothing was changed. */
  wrong_key: 'never',
  /** The client was closed. */
  closed: 'never',
  /** Mutations are on this device only: signing out would lose them. */
  unsent: 'never',
  /** Not a file of unsent mutations, or one of another version. */
  unreadable_file: 'never',
  /** A file of somebody else's mutations. */
  another_actor: 'never',
  /** The log has no mutation of this key: it never had, or its outcome is no longer kept. */
  unknown_key: 'never',
  /** There were too many unsent ones of its name, and the model let this one go. */
  thinned: 'never',
  /** Somebody has dealt with this refusal before: on another tap, or in another tab. */
  dealt_with: 'never',
  /** Operations may still have this dead letter run: done again, it could happen twice. */
  may_still_run: 'later',
  /** The device knows that it has no network; nothing was sent. */
  offline: 'later',
  /** No connection to the server. */
  unreachable: 'later',
  /** The server did not answer within the time limit of this try. */
  timeout: 'later',
  /** Something else than the server answered: a captive portal, a proxy, a cache. */
  not_an_answer: 'later',
  /** The server answered, but nothing moved on. */
  no_progress: 'later',
  /** The app gave no token, or the server refused it twice. */
  needs_token: 'later',
  /** One mutation alone is more than the server accepts. */
  too_large: 'never',
  /** The server could not run a mutation and will be asked again. */
  halted: 'later',
  /** A mutation was made with a newer model than the server's. */
  server_outdated: 'later',
  /** What is held of a scope differs from the server's checksum, also after fetching it again. */
  diverged: 'later',
  /** An optimistic function threw, or was asynchronous; its effect is not shown, the mutation is kept. */
  optimistic_failed: 'never',
  /** A listener of a watch or of the status threw, or `onStoreLost` did, or a query that cannot be evaluated. */
  listener_failed: 'never',
} as const satisfies Record<string, 'later' | 'never'>;

/** One of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;

/** What is wrong with an argument, and where in the arguments it stands. */
export interface ArgsIssue {
  /** From the arguments inwards; empty: the arguments as a whole. */
  readonly path: readonly PropertyKey[];
  /** In English, for developers. */
  readonly message: string;
}

/** What the SDK throws on purpose: told apart by its code, also after a minifier has renamed the classes. */
export abstract class CodedError<Code extends string = string> extends Error {
  /** One of {@link errorCodes}. */
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    // StoreFullError has the code store_full.
    this.name = `${code.replaceAll(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase())}Error`;
  }
}

/** The arguments of a mutation cannot be kept; nothing was written. */
export class InvalidArgsError extends CodedError<'invalid_args'> {
  /** Everything that does not fit. */
  readonly issues: readonly ArgsIssue[];

  constructor(mutation: string, issues: readonly ArgsIssue[]) {
    const [first] = issues;
    const where = first && first.path.length > 0 ? ` at ${first.path.join('.')}` : '';
    super('invalid_args', `The arguments of ${mutation} do not fit${where}: ${first?.message ?? 'unknown'}`);
    this.issues = issues;
  }
}

/**
 * The device's disk refused a write. The mutation was not kept: show it to the person, who may do it again. Should the disk
 * have it all the same (its answer was lost, and nobody could look), this run of the app does not send it; another tab might,
 * before it is done again.
 */
export class NotSavedError extends CodedError<'not_saved'> {
  constructor(cause: unknown) {
    super('not_saved', `The mutation could not be written to this device: ${messageOf(cause)}`, { cause });
  }
}

/** The disk, or what the browser grants of it, is full. Thrown by stores; the write left nothing. */
export class StoreFullError extends CodedError<'store_full'> {
  constructor(cause: unknown) {
    super('store_full', 'The device has no space left: free some and try again', { cause });
  }
}

/**
 * What is on the device was written by a later version of the app, or of the SDK, which may mean things by it that this
 * one cannot know: it is left as it is. Thrown when a store is opened.
 */
export class StoreTooNewError extends CodedError<'store_too_new'> {
  /** @param what was found to be newer: a file, or the data. */
  constructor(what: string, options?: ErrorOptions) {
    super(
      'store_too_new',
      `${what} was written by a later version of this app: reload or update the app; nothing was changed`,
      options,
    );
  }
}

/** SQLite would not keep over a flat battery what it says it has written. Thrown when a store is opened. */
export class StoreNotDurableError extends CodedError<'store_not_durable'> {
  /** @param found which settings SQLite has instead of the ones that were set. */
  constructor(file: string, found: string) {
    super(
      'store_not_durable',
      `${file} is not safe from a power cut (${found}; journal_mode wal and synchronous 2 are needed): ` +
        'use a file instead of memory, and a build of SQLite that obeys its pragmas',
    );
  }
}

/** Signing out would lose what only this device has; nothing was changed, and the client goes on. */
export class UnsentError extends CodedError<'unsent'> {
  /** Mutations without an outcome. */
  readonly unsent: number;
  /** When the oldest of them was made, by the device's clock (ISO 8601). */
  readonly oldestUnsentAt: string | null;
  /** Refusals and dead letters that nobody has dealt with. */
  readonly needsAttention: number;

  constructor(unsent: number, oldestUnsentAt: string | null, needsAttention: number) {
    const since = oldestUnsentAt === null ? '' : ` (the oldest of ${oldestUnsentAt})`;
    super(
      'unsent',
      `${unsent} mutations are not sent${since}, and ${needsAttention} refusals wait for somebody: ` +
        'sync and deal with them, export them, or sign out with dropUnsent',
    );
    this.unsent = unsent;
    this.oldestUnsentAt = oldestUnsentAt;
    this.needsAttention = needsAttention;
  }
}

/** The log has no mutation of this key: it never had, or its outcome is no longer kept. */
export class UnknownKeyError extends CodedError<'unknown_key'> {
  constructor(key: string) {
    super('unknown_key', `This device's log has no mutation ${key}`);
  }
}

/** There were too many unsent mutations of its name, and the model let this one go: it never reaches the server. */
export class ThinnedError extends CodedError<'thinned'> {
  constructor(key: string) {
    super('thinned', `The mutation ${key} was thinned away before it was sent`);
  }
}

/** The refusal needs nobody's attention any more; nothing was sent. */
export class DealtWithError extends CodedError<'dealt_with'> {
  /** The mutation that was sent in its place, if one was. */
  readonly replacedBy: string | undefined;

  constructor(key: string, replacedBy: string | undefined) {
    super(
      'dealt_with',
      `Somebody has dealt with ${key}${replacedBy === undefined ? '' : `: ${replacedBy} was sent in its place`}`,
    );
    this.replacedBy = replacedBy;
  }
}

/** The dead letter is still open at the server; nothing was sent. */
export class MayStillRunError extends CodedError<'may_still_run'> {
  constructor(key: string) {
    super('may_still_run', `Operations may still have ${key} run: wait until they close it, or say mayRunTwice`);
  }
}

/** Somebody else has the database and did not let go in time; nothing was changed. */
export class StoreBlockedError extends CodedError<'store_blocked'> {
  /** @param why who has it, and what to do about it */
  constructor(database: string, why: string, options?: ErrorOptions) {
    super('store_blocked', `${database} cannot be opened now, ${why} and try again; nothing was changed`, options);
  }
}

/**
 * What is on the device cannot be read. It is left as it is: `exportStore` saves what can still be read of it, and
 * `destroyStore` makes room for a new start.
 */
export class StoreBrokenError extends CodedError<'store_broken'> {
  constructor(what: string, cause?: unknown) {
    super(
      'store_broken',
      `${what} cannot be read${cause === undefined ? '' : ` (${messageOf(cause)})`}: start the app again; ` +
        'if that does not help, save what can be read with exportStore, then start afresh with destroyStore',
      { cause },
    );
  }
}

/** The key does not open what is on the device, or there is none; nothing was changed. Thrown when an encrypted store is opened. */
export class WrongKeyError extends CodedError<'wrong_key'> {
  constructor(store: string) {
    super('wrong_key', `${store} is encrypted with another key: ask for it; nothing was changed`);
  }
}

/** The client was closed before or while this was asked of it. */
export class ClosedError extends CodedError<'closed'> {
  constructor() {
    super('closed', 'The client is closed: make a new one');
  }
}

/**
 * How the loop goes on after a failed try: `backoff` by itself and soon, `asked` after what the server asked for,
 * `hinted` the same when somebody else did (a proxy, a portal), who may be gone when the line is another,
 * `token` once the app has one, `paused` when somebody does something (and seldom by itself).
 */
export type Recovery = 'backoff' | 'asked' | 'hinted' | 'token' | 'paused';

/** One try to sync failed. The queue is kept, whatever the code. */
export class SyncError extends CodedError {
  /** What the client does about it by itself. */
  readonly recovery: Recovery;
  /** How long the server asked to be left alone, in milliseconds. */
  readonly retryAfterMs: number;

  /** @param code one of {@link errorCodes}, or the code of the server's problem document */
  constructor(
    code: ErrorCode | (string & {}),
    message: string,
    options: { recovery?: Recovery; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(code, message, { cause: options.cause });
    this.name = 'SyncError';
    this.recovery = options.recovery ?? 'backoff';
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }
}

/** The words of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
