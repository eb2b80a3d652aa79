/** How a statement fails. */
export const faults = [
  /** The line breaks before it reaches PostgreSQL: nothing of it happens. */
  'not sent',
  /** PostgreSQL does it, and the line breaks before the answer comes. */
  'answer lost',
  /** The line breaks at once behind it: who knows whether PostgreSQL did it. */
  'unknown',
  // PostgreSQL refuses it, and the connection goes on.
  '40001',
  '40P01',
  '57014',
  /** PostgreSQL ends the session. */
  '57P01',
  /** The session ends for want of connections, and the next one is refused. */
  '53300',
] as const;
export type Fault = (typeof faults)[number];

/** Whether the connection is lost with it. */
export function losesConnection(fault: Fault): boolean {
  return !['40001', '40P01', '57014'].includes(fault);
}

/** What can happen to a statement. Only of a commit it matters that nobody knows: what else was done goes with its transaction. */
export function faultsOf(text: string): readonly Fault[] {
  return isCommit(text) ? faults : faults.filter((fault) => fault !== 'unknown');
}

export function isCommit(text: string): boolean {
  return text === 'commit';
}
