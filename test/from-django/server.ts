import { createServer, jwtAuth, postgresDatabase } from '@ekbaar/server';
import postgres from 'postgres';
import config from './ekbaar.config.ts';
import { djangoTokens } from './django-tokens.ts';
import { oldRoutes } from './old-routes.ts';

const { DATABASE_URL = '', JWT_SECRET = '', PORT = '8787' } = process.env;
const django = postgres(DATABASE_URL, { max: 2 });
const server = createServer({
  ...config,
  database: postgresDatabase(DATABASE_URL),
  auth: djangoTokens(django, jwtAuth({ secret: JWT_SECRET })),
});
oldRoutes(server);
await server.listen({ port: Number(PORT), host: '127.0.0.1' });

process.once('SIGTERM', () => void server.close().then(() => django.end()));
