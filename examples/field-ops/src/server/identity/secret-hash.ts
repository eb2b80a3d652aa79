import { hash, verify } from '@node-rs/argon2';
import { ProblemError } from '@ekbaar/server';

/** Argon2id with OWASP's parameters: 19 MiB and two passes, some 30 ms of a core. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** Hashes under way and waiting on this node: beyond them, whoever comes is told to come later. */
const mostAtOnce = 64;

/** What an unknown account is compared with, so that its answer takes as long as another's. The hash of nothing that anybody knows. */
const nobodys = '$argon2id$v=19$m=19456,t=2,p=1$WG0yVzQ5cHZqSDdLMnNRdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

let atOnce = 0;

export function hashSecret(secret: string): Promise<string> {
  return inTurn(() => hash(secret.normalize('NFKC'), parameters));
}

/** Whether it is the secret of that hash. Takes as long without a hash, and says no. */
export async function isSecretOf(secret: string, hashed: string | null): Promise<boolean> {
  const fits = await inTurn(() => verify(hashed ?? nobodys, secret.normalize('NFKC')));
  return fits && hashed !== null;
}

async function inTurn<T>(run: () => Promise<T>): Promise<T> {
  if (atOnce >= mostAtOnce)
    throw new ProblemError('overloaded', 'Too many people sign in at once: try again in a moment', {
      retryAfterSeconds: 2,
    });
  atOnce += 1;
  try {
    return await run();
  } finally {
    atOnce -= 1;
  }
}
