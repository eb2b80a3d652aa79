import { SERVER_URL_VARIABLE, startPostgres } from './postgres.ts';

/** One PostgreSQL for the whole test run, whichever projects take part; none when the environment names one. */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env[SERVER_URL_VARIABLE]) return undefined;
  const server = await startPostgres();
  process.env[SERVER_URL_VARIABLE] = server.url;
  return async () => {
    delete process.env[SERVER_URL_VARIABLE];
    await server.stop();
  };
}
