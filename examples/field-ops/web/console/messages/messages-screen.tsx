import { useQueryString } from '../frame/router.tsx';
import { Tabs } from '../frame/tabs.tsx';
import { DeadJobs } from './dead-jobs.tsx';
import { Endpoints } from './endpoints.tsx';
import { Incoming } from './incoming.tsx';
import { MessageList } from './message-list.tsx';
import { PayoutList } from './payout-list.tsx';

const tabs = [
  ['messages', 'Outgoing'],
  ['webhooks', 'Webhooks'],
  ['payouts', 'Payouts'],
  ['incoming', 'Incoming'],
  ['dead', 'Dead jobs'],
] as const;
const bodies = {
  messages: MessageList,
  webhooks: Endpoints,
  payouts: PayoutList,
  incoming: Incoming,
  dead: DeadJobs,
} as const;

/** What left for customers, MFIs and banks, what came from them, and what could not be sent. */
export function MessagesScreen() {
  const [query, change] = useQueryString();
  const show = tabs.find(([id]) => id === query.get('show'))?.[0] ?? 'messages';
  const Body = bodies[show];
  return (
    <div className="screen">
      <div className="screen-top">
        <h1>Messages</h1>
        <Tabs
          label="What to show"
          tabs={tabs}
          current={show}
          onChoose={(id) =>
            change({
              ...{ channel: null, status: null, delivery: null, endpoint: null, source: null, queue: null },
              show: id === 'messages' ? null : id,
            })
          }
        />
      </div>
      <Body />
    </div>
  );
}
