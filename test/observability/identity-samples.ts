import { people, pin } from '../sign-in/people.ts';
import type { FieldOps } from '../support/field-ops.ts';
import type { Samples } from './sample.ts';

/** For each operation on accounts, sessions and phones, a request of who may ask it; the demo day's accounts are there. */
export function identitySamples(
  ekbaar: () => FieldOps,
  tokens: { readonly agent: string; readonly ops: string },
): Samples {
  const revokePhone = async () => {
    const id = crypto.randomUUID();
    await people(ekbaar()).signIn('a01', pin, { phone: { id } });
    return { path: `/auth/phones/${id}/revoke`, token: tokens.ops, body: { why: 'lost' } };
  };
  return {
    'auth.options': () => ({ path: '/auth' }),
    'auth.signIn': () => ({ path: '/auth/sign-in', body: { tenant: 'pennco', login: 'a01', secret: pin } }),
    'auth.refresh': async () => {
      const { refreshToken: token } = await people(ekbaar()).agent('a01');
      return { path: '/auth/refresh', body: { token, attempt: crypto.randomUUID() } };
    },
    'auth.signOut': async () => {
      const { refreshToken: token } = await people(ekbaar()).agent('a01');
      return { path: '/auth/sign-out', body: { token } };
    },
    'auth.requestReset': () => ({
      path: '/auth/reset/request',
      body: { tenant: 'pennco', login: crypto.randomUUID() },
    }),
    'auth.reset': async () => {
      const issued = await ekbaar().post('/auth/accounts/a03/reset-code', tokens.ops, { deliver: 'show' });
      const { code } = issued.body as { code: string };
      return { path: '/auth/reset', body: { tenant: 'pennco', login: 'a03', code, secret: '604713' } };
    },
    'auth.changeSecret': () => ({ path: '/auth/password', token: tokens.agent, body: { old: pin, secret: pin } }),
    'auth.accounts': () => ({ path: '/auth/accounts', token: tokens.ops }),
    'auth.account': () => ({ path: '/auth/accounts/a01', token: tokens.ops }),
    'auth.createAccount': () => {
      const id = crypto.randomUUID();
      const body = { id, role: 'ops', login: `${id}@pennco.example`, name: 'Ravi', regions: [] };
      return { path: '/auth/accounts', token: tokens.ops, body };
    },
    'auth.changeAccount': () => ({ path: '/auth/accounts/a04/change', token: tokens.ops, body: { name: 'Asha' } }),
    'auth.issueCode': () => ({
      path: '/auth/accounts/a04/reset-code',
      token: tokens.ops,
      body: { deliver: 'send' },
    }),
    'auth.revokeSessions': () => ({ path: '/auth/accounts/a04/revoke', token: tokens.ops, body: { why: 'lost' } }),
    'auth.phones': async () => {
      await people(ekbaar()).agent('a01');
      return { path: '/auth/phones?account=a01', token: tokens.ops };
    },
    'auth.revokePhone': revokePhone,
    'auth.restorePhone': async () => {
      const { path, token, body } = await revokePhone();
      await ekbaar().post(path, token, body);
      return { path: path.replace('/revoke', '/restore'), token };
    },
    'auth.audit': () => ({ path: '/auth/audit', token: tokens.ops }),
  };
}
