import { type ApiEnv, type Authenticate, described, ProblemError, type Queryable } from '@ekbaar/server';
import { type Context, Hono } from 'hono';
import { operators } from '../operators.ts';
import { addressOf } from './address.ts';
import { demoOffice, demoSecrets } from './demo.ts';
import { type Identity, type MustReset, type SignedIn } from './identity.ts';
import { operations } from './operations.ts';
import {
  bodyOf,
  PasswordRequest,
  RefreshRequest,
  ResetCodeRequest,
  ResetRequest,
  SignInRequest,
  SignOutRequest,
} from './requests.ts';
import { checkSameSite, dropSessionCookie, readSessionCookie, setSessionCookie } from './same-site.ts';

type C = Context<ApiEnv>;

/** How this server is signed in to. */
export interface SignInSettings {
  /** Whether the demo day is loaded. */
  readonly demo: boolean;
  /** How many proxies of ours stand before this server: each adds one address to `X-Forwarded-For`. */
  readonly proxies: number;
}

/** What anybody may ask. */
export function identityRoutes(identity: Identity, authenticate: Authenticate, settings: SignInSettings): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>({ strict: false });
  const from = (c: C) => ({ address: addressOf(c, settings.proxies) });

  app.get(
    '/auth',
    described(async (c: C) => c.json(await localSignIn(identity.db, settings)), operations.options),
  );

  app.post(
    '/auth/sign-in',
    described(async (c: C) => {
      const asked = await bodyOf(SignInRequest, c.req.raw);
      if (asked.console === true) checkSameSite(c);
      return answer(c, await identity.signIn(asked, from(c)), asked.console === true);
    }, operations.signIn),
  );

  app.post(
    '/auth/refresh',
    described(async (c: C) => {
      const { token, attempt, phone } = await bodyOf(RefreshRequest, c.req.raw);
      if (token === undefined) checkSameSite(c);
      const given = token ?? readSessionCookie(c);
      if (given === undefined) throw new ProblemError('unauthenticated', 'Nobody is signed in here');
      return answer(c, await identity.renew(given, attempt, phone, from(c)), token === undefined);
    }, operations.refresh),
  );

  app.post(
    '/auth/sign-out',
    described(async (c: C) => {
      const { token } = await bodyOf(SignOutRequest, c.req.raw);
      if (token === undefined) checkSameSite(c);
      const given = token ?? readSessionCookie(c);
      if (given !== undefined) await identity.signOut(given, from(c));
      if (token === undefined) dropSessionCookie(c);
      return c.json({ signedOut: true });
    }, operations.signOut),
  );

  app.post(
    '/auth/reset/request',
    described(async (c: C) => {
      const { tenant, login } = await bodyOf(ResetCodeRequest, c.req.raw);
      await identity.requestReset(tenant, login, from(c));
      return c.json({ accepted: true });
    }, operations.requestReset),
  );

  app.post(
    '/auth/reset',
    described(async (c: C) => {
      await identity.reset(await bodyOf(ResetRequest, c.req.raw), from(c));
      return c.json({ reset: true });
    }, operations.reset),
  );

  app.post(
    '/auth/password',
    described(async (c: C) => {
      const { actor } = await authenticate(c.req.raw);
      const asked = await bodyOf(PasswordRequest, c.req.raw);
      const sid = actor.claims['sid'];
      const sessionId = typeof sid === 'string' ? sid.split('~')[0] : undefined;
      await identity.changeSecret({ tenant: actor.tenant, id: actor.id, sessionId }, asked, from(c));
      return c.json({ changed: true });
    }, operations.changeSecret),
  );

  return app;
}

/** Where an identity provider signs people in, these routes say so. */
export function elsewhereRoutes(): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>({ strict: false });
  app.get(
    '/auth',
    described((c: C) => c.json({ signIn: 'provider', operators: [], demo: null }), operations.options),
  );
  app.all('/auth/*', () => {
    throw new ProblemError(
      'not_found',
      'An identity provider signs people in here (EKBAAR_JWKS_URL): get the token from it; accounts, sessions and resets are its own',
    );
  });
  return app;
}

async function localSignIn(db: Queryable, { demo }: SignInSettings) {
  return {
    signIn: 'local',
    operators: operators.map(({ tenant, name }) => ({ tenant, name })),
    demo: demo ? { ...demoSecrets, office: await demoOffice(db) } : null,
  };
}

function answer(c: C, result: SignedIn | MustReset, isConsole: boolean): Response {
  c.header('Cache-Control', 'no-store');
  if ('mustReset' in result) return c.json(result);
  const { refreshToken, ...rest } = result;
  if (!isConsole) return c.json(result);
  setSessionCookie(c, refreshToken);
  return c.json(rest);
}
