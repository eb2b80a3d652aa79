import { isDeepStrictEqual } from 'node:util';
import type { Outcome } from '@ekbaar/sdk/protocol';
import type { Violations } from './violation.ts';

/** Who acts, as their token says. */
export interface Person {
  readonly tenant: string;
  readonly id: string;
  readonly role: 'agent' | 'ops' | 'settlement';
}

/** A mutation that somebody was told is saved: from then on it must have exactly one outcome. */
export interface Promised {
  readonly person: Person;
  readonly key: string;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** False for one that leaves no receipt. */
  readonly audit: boolean;
  /** What the server told the first device that heard of it. */
  told: Outcome | undefined;
}

/** Everything that was promised in a campaign. */
export class Promises {
  readonly all: Promised[] = [];
  readonly #violations: Violations;
  /** Answers of earlier outcomes. */
  replays = 0;

  constructor(violations: Violations) {
    this.#violations = violations;
  }

  make(person: Person, name: string, args: Record<string, unknown>, key: string): Promised {
    const promised: Promised = { person, key, name, args, audit: name !== 'recordLocation', told: undefined };
    this.all.push(promised);
    return promised;
  }

  /** Notes that an answer to it held something of another tenant. */
  shown({ person, key, name }: Promised, stranger: string): void {
    this.#violations.add('I5', `${person.tenant} was shown something of ${stranger}, with ${name} ${key}`);
  }

  /** Notes what the server answered; every answer must be the same. */
  tell(promised: Promised, { status, result, error }: Outcome, replayed: boolean): void {
    if (replayed) this.replays++;
    const outcome: Outcome = {
      status,
      ...(result === undefined ? {} : { result }),
      ...(error === undefined ? {} : { error }),
    };
    if (promised.told === undefined) promised.told = outcome;
    else if (!isDeepStrictEqual(promised.told, outcome)) {
      this.#violations.add(
        'I1',
        `${promised.name} ${promised.key} was answered ${JSON.stringify(promised.told)}, then ${JSON.stringify(outcome)}`,
      );
    }
  }
}
