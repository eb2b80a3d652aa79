import { timeFormat } from '../shared/india-time.ts';
import type { FeedState } from './live-feed.ts';

const words: Readonly<Record<FeedState['line'], string>> = {
  loading: 'Loading',
  live: 'Live',
  polling: 'Updating every few seconds',
  away: 'Server not reached',
};

/** Whether what is on the screen is what the server has, and since when not. */
export function LineState({ line, updatedAt }: Pick<FeedState, 'line' | 'updatedAt'>) {
  const at =
    updatedAt === null ? '' : ` · updated ${timeFormat('en').at(new Date(updatedAt).toISOString(), updatedAt)}`;
  return (
    <p className="line" data-testid="live" data-state={line}>
      <span aria-live="polite">{words[line]}</span>
      <span>{at}</span>
    </p>
  );
}
