import { ProblemError } from '@ekbaar/server';

type Role = 'agent' | 'ops' | 'settlement';

/** The digits most often chosen: the first that a thief tries. */
const commonPins = /^(\d)\1{5}$|^(\d\d)\2\2$|^(\d{3})\3$/;
const runs = ['0123456789', '9876543210', '1234567890', '0987654321'];
/** Passwords that every list of stolen ones begins with. */
const commonPasswords = /^(password|welcome|qwerty|letmein|admin|iloveyou|india)[\d\W_]*$/i;

/**
 * What a new secret must be: six digits for an agent, 10 to 200 characters for the office; neither the obvious ones.
 *
 * @throws ProblemError `malformed` with the issue at `secret`
 */
export function checkNewSecret(role: Role, secret: string, login: string): void {
  const message = role === 'agent' ? pinIssue(secret) : passwordIssue(secret, login);
  if (message === undefined) return;
  throw new ProblemError('malformed', `The new ${role === 'agent' ? 'PIN' : 'password'} ${message}`, {
    issues: [{ path: 'secret', message }],
  });
}

function pinIssue(pin: string): string | undefined {
  if (!/^\d{6}$/.test(pin)) return 'must be six digits';
  if (commonPins.test(pin) || runs.some((run) => run.includes(pin))) return 'is too easy to guess';
  return undefined;
}

function passwordIssue(password: string, login: string): string | undefined {
  if (password.length < 10) return 'must have 10 characters or more';
  const lower = password.toLowerCase();
  const name = login.split('@')[0] ?? login;
  if (commonPasswords.test(password) || new Set(lower).size < 4 || (name.length > 3 && lower.includes(name)))
    return 'is too easy to guess';
  return undefined;
}
