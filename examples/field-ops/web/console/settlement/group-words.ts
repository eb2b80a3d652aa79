import type { ItemGroup, LineGroup, RunState } from '../../../src/settlement-answers.ts';

export const stateWords: Readonly<Record<RunState, string>> = {
  received: 'Waiting for a worker',
  reading: 'Reading the file',
  matching: 'Comparing',
  posting: 'Reconciling',
  done: 'Done',
  failed: 'Not readable',
};

export const groupWords: Readonly<Record<ItemGroup | LineGroup, string>> = {
  matched: 'Matched',
  mismatched: 'Another amount',
  early: 'Not reported yet',
  doubled: 'Told or paid twice',
  returned: 'Came back',
  missing: 'Missing at the bank',
  unknown: 'Names nothing of ours',
  unreadable: 'Unreadable',
  layout: 'Titles and totals',
};

/** What somebody does about what is in a group. */
export const whatToDo: Readonly<Record<ItemGroup | LineGroup, string>> = {
  matched: 'Reconciled: the bank paid what the agent reported. Nothing is left to do.',
  mismatched:
    'The bank paid another amount than the agent reported. Ask the bank and the agent. A later file with the right amount reconciles it; accept it when the difference is explained.',
  early:
    'The bank has paid, and no phone has reported it. A phone may be late: run the file again when it has reported. If it stays, ask the agent.',
  doubled:
    'The same line came before, which does no harm; or another payment settled the disbursement, and the bank has paid twice. Ask it for the money; accept it when it has come back, or contest it.',
  returned:
    'The money came back to the bank although the agent reported it as paid out. Ask the agent; nothing was reconciled.',
  missing:
    'The agent reported it as paid out, and the file has nothing of it. Ask the bank; its next file may have it.',
  unknown:
    'These lines name no disbursement of ours, or more than one. Look at the narration, and ask the bank for the reference.',
  unreadable:
    'These lines have no amount or day that can be read. Ask the bank for a better file; the reason stands beside each.',
  layout: 'What is around the payments: titles, headers, blank lines, totals. Nothing is left to do.',
};

/** Groups of disbursements that people look after. */
export const openGroups = ['mismatched', 'early', 'doubled', 'returned', 'missing'] as const satisfies ItemGroup[];
/** Lines of a file that people look after. */
export const openLines = ['doubled', 'unknown', 'unreadable'] as const satisfies LineGroup[];
