import type { OwnCommit } from '../commit.ts';
import type { Thin } from '../model/index.ts';

/** What the log tells, and what it asks. */
export interface LogHooks {
  /** Told of what is being written, and when it turns out not to be: then all of that is to be read again. False: it cannot. */
  readonly show?: (commit: OwnCommit) => void;
  readonly takeBack?: () => Promise<boolean>;
  /** Whether this tab is writing something else, so that nobody can say what the next write will be. */
  readonly isBusy?: () => boolean;
  /** Told of every transaction of the log's own; must end in the log's `absorb` and `announce`. */
  readonly committed: (commit: OwnCommit) => void;
  readonly newClientId: () => string;
  /** Which mutations of that name are too many. */
  readonly thinOf: (name: string) => Thin | undefined;
  /** Whether somebody has noted outside of the store that the person was signed out of it. */
  readonly left?: () => Promise<boolean>;
  /** Told when it turns out that another tab has signed the person out. */
  readonly signedOut: () => void;
}
