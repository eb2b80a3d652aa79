import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Health } from '../../../src/record-answers.ts';
import { Asked } from '../frame/asked.tsx';
import { useConsole } from '../frame/console-context.ts';
import { Fact } from '../frame/fact.tsx';
import { Link } from '../frame/router.tsx';
import { bytesInWords, counted, momentInWords, spanInWords } from '../frame/units.ts';

/** How the server and its database are, every ten seconds. */
export function HealthScreen() {
  const { api } = useConsole();
  const query = useQuery({
    queryKey: ['health'],
    queryFn: ({ signal }) => api.get('/api/v1/records/health', Health, signal),
    refetchInterval: 10_000,
  });
  return (
    <div className="screen">
      <div className="screen-top">
        <h1>Health</h1>
        {query.data && <span className="dim">as of {momentInWords(query.data.at)}</span>}
      </div>
      <Asked query={query}>{(health) => <Body health={health} />}</Asked>
    </div>
  );
}

function Body({ health }: { health: Health }) {
  const { waiting, pool, versions, database } = health;
  const lag = waiting.oldestUnpublishedMs;
  const queued = health.queues.reduce((sum, queue) => sum + queue.waiting, 0);
  const failedJobs = health.queues.reduce((sum, queue) => sum + queue.failed, 0);
  return (
    <>
      <div className="gauges" data-testid="gauges">
        <Gauge name="Database answers in" value={spanInWords(health.databaseMs)} bad={health.databaseMs > 200} />
        <Gauge
          name="Oldest unpublished write"
          value={lag === null ? 'none' : spanInWords(lag)}
          bad={lag !== null && lag > 5_000}
          note={`${counted(waiting.unpublished)} waiting`}
        />
        <Gauge
          name="Dead letters"
          value={counted(waiting.deadLetters)}
          bad={waiting.deadLetters > 0}
          note={waiting.deadLetters > 0 ? <Link to="/letters">Deal with them</Link> : 'nobody waits'}
        />
        <Gauge name="Halted, to be tried again" value={counted(waiting.halted)} bad={waiting.halted > 0} />
        <Gauge
          name="Refused today"
          value={counted(waiting.rejectedToday)}
          note={<Link to="/letters?show=rejections">Look at them</Link>}
        />
        <Gauge
          name="Jobs waiting"
          value={counted(queued)}
          note={`${counted(failedJobs)} failed`}
          bad={failedJobs > 0}
        />
        <Gauge
          name="Connections in use"
          value={pool === null ? 'embedded' : `${pool.held} of ${pool.most}`}
          bad={pool !== null && pool.waiting > 0}
          note={pool === null ? 'PGlite has one' : `${pool.waiting} wait for one`}
        />
        <Gauge name="Database size" value={bytesInWords(database.sizeBytes)} />
      </div>
      <div className="two even">
        <Card title="Queues" empty={health.queues.length === 0 && 'No queues.'}>
          <Table
            heads={['Queue', 'Waiting', 'At work', 'Failed', 'Oldest']}
            rows={health.queues.map(({ name, waiting: count, active, failed, oldestMs }) => [
              ...[name, counted(count), counted(active), counted(failed)],
              oldestMs === null ? '' : spanInWords(oldestMs),
            ])}
          />
        </Card>
        <Card title="Connected programs" empty={health.connections.length === 0 && 'None.'}>
          <Table
            heads={['Program', 'From', 'Connections', 'At work', 'Longest']}
            rows={health.connections.map(({ name, address, count, active, longestMs }) => [
              ...[name, address, counted(count), counted(active)],
              longestMs === null ? '' : spanInWords(longestMs),
            ])}
          />
        </Card>
        <Card title="Largest tables">
          <Table
            heads={['Table', 'Size', 'Rows, about']}
            rows={database.tables.map(({ name, bytes, rows }) => [
              name,
              bytesInWords(bytes),
              rows > 0 ? counted(rows) : '–',
            ])}
          />
        </Card>
        <Card title="Versions and process">
          <dl>
            <Fact name="PostgreSQL">{versions.postgres}</Fact>
            <Fact name="Node.js">{versions.node}</Fact>
            <Fact name="Model">{versions.model}</Fact>
            <Fact name="Epoch of the database">{versions.epoch}</Fact>
            <Fact name="Up for">{spanInWords(health.process.uptimeSeconds * 1000)}</Fact>
            <Fact name="Memory">{bytesInWords(health.process.memoryBytes)}</Fact>
            {database.cacheHitShare !== null && (
              <Fact name="Reads from memory">{(database.cacheHitShare * 100).toFixed(1)} %</Fact>
            )}
            <Fact name="More">
              <a href="/metrics">/metrics</a> · <a href="/readyz">/readyz</a>
            </Fact>
          </dl>
        </Card>
      </div>
      <Card
        title="Slow queries"
        empty={
          health.slowQueries === null
            ? 'The extension pg_stat_statements is not there: CREATE EXTENSION, and load it with the server (shared_preload_libraries).'
            : health.slowQueries.length === 0 && 'None yet.'
        }
      >
        <Table
          heads={['Statement', 'Calls', 'Mean', 'In all']}
          rows={(health.slowQueries ?? []).map(({ query, calls, meanMs, totalMs }) => [
            ...[query, counted(calls), spanInWords(meanMs), spanInWords(totalMs)],
          ])}
        />
      </Card>
    </>
  );
}

function Gauge({ name, value, note, bad = false }: { name: string; value: string; note?: ReactNode; bad?: boolean }) {
  return (
    <div className="gauge" data-bad={bad}>
      <span className="dim">{name}</span>
      <strong>{value}</strong>
      <span className="dim">
        {bad && 'Look after it. '}
        {note}
      </span>
    </div>
  );
}

function Card({ title, empty = false, children }: { title: string; empty?: string | false; children: ReactNode }) {
  return (
    <section className="card" aria-label={title}>
      <h2>{title}</h2>
      {empty === false ? children : <p className="dim">{empty}</p>}
    </section>
  );
}

/** The first column is what the others are about. */
function Table({ heads, rows }: { heads: readonly string[]; rows: readonly (readonly string[])[] }) {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={heads[0]}>
      <table className="plain">
        <thead>
          <tr>
            {heads.map((head, at) => (
              <th key={head} scope="col" className={at > 0 ? 'amount' : ''}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([first, ...rest]) => (
            <tr key={`${first} ${rest.join(' ')}`}>
              <th scope="row" className="wrap">
                {first}
              </th>
              {rest.map((cell, at) => (
                <td key={heads[at + 1]} className="amount">
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
