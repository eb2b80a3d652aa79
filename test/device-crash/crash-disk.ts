import type { StoreFactory } from '../../sdk/src/store/store.ts';

/** How a process dies. */
export type Death =
  /** The phone's battery: whatever was not flushed is lost, and every tab is dead. */
  | 'power lost'
  /** The same, but what was written without a flush has reached the disk by luck. */
  | 'power kept'
  /** Only this tab, or the app: what was written stays, and other tabs go on. */
  | 'tab';

/** What is left of a phone when its processes die. */
export interface CrashDisk {
  /** In which ways it can be left. */
  readonly deaths: readonly Death[];
  /** Whether clients that have it open hear of each other, as tabs do. */
  readonly isShared: boolean;
  /** Opens stores on what is there. */
  readonly open: StoreFactory;
  /** A process dies, or all: called at that very moment, before anything of it is taken back. */
  die(death: Death): void;
  /** Has told each thing that is asked of what is below the stores. Absent: nothing is. @param meet true: it dies there */
  watch?(meet: (place: string) => boolean): void;
  /** A moment in which something may happen that takes no time of a clock. */
  turn(): Promise<void>;
  /** Nobody needs it any more. */
  throwAway(): Promise<void>;
}
