import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

const read = (environment: Record<string, string>) => readConfig(environment, () => 'made up');

describe('readConfig', () => {
  it.each([
    ...[{ PORT: 'abc' }, { PORT: '65536' }, { PORT: '-1' }, { PORT: '1.5' }],
    ...[{ DATABASE_URL: 'here' }, { DATABASE_URL: 'mysql://user:s3cret@db/x' }],
    ...[{ DATABASE_URL: 'postgres://user:s3cret@db:99999/x' }, { DATABASE_URL: 'db.example:5432/x' }],
    ...[{ EKBAAR_JWKS_URL: 'keys' }, { EKBAAR_JWKS_URL: 'idp.example:8080/keys' }, { EKBAAR_JWKS_URL: 'file:///keys' }],
    ...[{ EKBAAR_SEED: 'yes' }, { EKBAAR_SEED_AGENTS: '0' }, { EKBAAR_SEED_DELIVERIES: '1.5' }],
    ...[{ DATABASE_REPLICA_URL: 'here' }, { DATABASE_REPLICA_URL: 'postgres://user:s3cret@db/x' }],
  ])('names the variable of %o, and not what is secret in it', (environment) => {
    const [name = ''] = Object.keys(environment);
    expect(() => read(environment)).toThrow(new RegExp(`^${name}: (?!.*s3cret)`));
  });

  it.each(['postgres://u:p,w@db/x', 'postgresql://u@[::1]:5433/x', 'postgres:///x?host=/run/postgresql'])(
    'takes %s for a database',
    (url) => expect(read({ DATABASE_URL: url }).databaseUrl).toBe(url),
  );

  it('takes several hosts for a replica only: the outbox reaches one', () => {
    const several = 'postgres://u:p,w@db1:5432,db2:5433/x';
    const url = 'postgres://u:p@db/x';
    expect(read({ DATABASE_URL: url, DATABASE_REPLICA_URL: several }).replicaUrl).toBe(several);
    expect(() => read({ DATABASE_URL: several })).toThrow('DATABASE_URL: it must name one host');
  });

  it('lets everybody send one request, however low the rate is', () => {
    const agent = { tenant: 'pennco', id: 'a01', role: 'agent', claims: {} };
    expect(read({ EKBAAR_RATE_PER_SECOND: '0.01' }).limits.rate?.(agent)).toEqual({ perSecond: 0.01, burst: 1 });
    expect(read({}).limits.rate?.(agent)).toEqual({ perSecond: 20, burst: 1200 });
  });

  it('needs a secret, or an identity provider, in production only', () => {
    const production = { NODE_ENV: 'production' };
    expect(() => read(production)).toThrow('EKBAAR_JWT_SECRET');
    expect(read({ ...production, EKBAAR_JWT_SECRET: 'x' }).keys).toEqual({ secret: 'x' });
    expect(read({ EKBAAR_JWT_SECRET: '' }).keys).toEqual({ secret: 'made up' });
    const jwksUrl = 'https://idp.example/keys';
    expect(read({ ...production, EKBAAR_JWKS_URL: jwksUrl }).keys).toEqual({ jwksUrl });
  });
});
