import { AuthError } from '../shared/auth-line.ts';

/** What somebody of the office is told of a sign-in that did not work. */
export function authInWords(error: unknown): string {
  if (!(error instanceof AuthError)) return 'This did not work. Try again.';
  if (error.code === 'unreachable') return 'The server could not be reached.';
  if (error.code !== 'refused') return 'The server does not answer properly. Try again in a moment.';
  if (error.status === 429) {
    const { waitSeconds } = error;
    const wait = waitSeconds < 90 ? `${Math.max(1, waitSeconds)} seconds` : `${Math.ceil(waitSeconds / 60)} minutes`;
    return `Too many wrong tries. Wait ${wait}, then try again.`;
  }
  if (error.issue?.path === 'secret') return `The new password ${error.issue.message}.`;
  if (error.issue?.path === 'old') return 'The old password is not right.';
  if (error.status === 403) return 'This account is closed. Ask a colleague who administers accounts.';
  return 'E-mail address or password is not right.';
}
