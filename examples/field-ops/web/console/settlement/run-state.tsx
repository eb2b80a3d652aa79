import type { SettlementRun } from '../../../src/settlement-answers.ts';
import { openGroups, openLines, stateWords } from './group-words.ts';

/** How far a run is; when it is done, whether people have to look. */
export function RunState({ run: { state, summary } }: { run: SettlementRun }) {
  if (state === 'failed') return <Tag tone="attention">{stateWords.failed}</Tag>;
  if (state !== 'done' || summary === null) return <Tag>{stateWords[state]}</Tag>;
  const fits =
    (summary.refused ?? 0) === 0 &&
    openGroups.every((group) => (summary.disbursements[group]?.disbursements ?? 0) === 0) &&
    openLines.every((group) => summary.lines[group].lines === 0);
  return fits ? <Tag tone="good">Everything fits</Tag> : <Tag tone="attention">People have to look</Tag>;
}

function Tag({ tone, children }: { tone?: string; children: string }) {
  return (
    <span className="tag" data-tone={tone} data-testid="run-state">
      {children}
    </span>
  );
}
