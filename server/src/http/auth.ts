import {
  createRemoteJWKSet,
  errors,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
  type JWTVerifyResult,
} from 'jose';
import * as z from 'zod/mini';
import { isSafeLiteral } from '../db/identifier.ts';
import { isStorableText } from '../db/text.ts';
import type { Actor } from '../engine/actor.ts';
import { nodePlatform } from '../platform.ts';
import { ProblemError } from '../problem.ts';
import { VerifiedTokens } from './verified-tokens.ts';

/** An actor, and until when the token that says so is good. */
export interface Authenticated {
  readonly actor: Actor;
  readonly expiresAt: Date;
  /**
   * For what lasts longer than a request: whether the token is still believed. Asked once a second while an event stream is
   * open, which ends when it is not; a failure to tell ends none. Without it a stream lasts until `expiresAt`.
   */
  readonly stillGood?: (() => Promise<boolean>) | undefined;
}

/** Finds out who sends a request. @throws ProblemError `unauthenticated`, `token_expired` */
export type Authenticate = (request: Request) => Promise<Authenticated>;

const audience = 'ekbaar';
/** How far the issuer's clock may be ahead of ours (`nbf`). */
const aheadSeconds = 60;

const storable = z.refine(isStorableText, 'must be text that a database can hold');
const Claims = z.looseObject({
  sub: z.string().check(z.minLength(1), z.maxLength(128), storable),
  tenant: z.string().check(z.refine(isSafeLiteral, 'tenant must be 1 to 64 of A-Z a-z 0-9 _ -')),
  role: z.string().check(z.minLength(1), z.maxLength(64), storable),
  exp: z.number(),
});

/** A token with a key that is not known makes a node ask the provider again, whoever made it: so often at most. */
const betweenFetchesMs = 1000;

/** What is wrong with a token itself; anything else that goes wrong with an identity provider's keys is not its fault. */
const aboutToken = [
  errors.JWTInvalid,
  errors.JWTClaimValidationFailed,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
];

/**
 * Bearer JWTs with `exp`, `aud: "ekbaar"`, `sub`, `tenant` and `role`; one has expired at its
 * `exp`, and is not good yet when it begins (`nbf`) more than 60 s from now. The algorithms are pinned: HS256 with a secret,
 * or the asymmetric ones with an identity provider's keys. What the token's header says never chooses between the two.
 */
export function jwtAuth(
  keys: { secret: string } | { jwksUrl: string },
  clock: () => Date = nodePlatform.clock,
): Authenticate {
  const options: JWTVerifyOptions = {
    audience,
    clockTolerance: aheadSeconds,
    algorithms: 'secret' in keys ? ['HS256'] : ['RS256', 'ES256', 'EdDSA'],
    requiredClaims: ['exp', 'sub', 'tenant', 'role'],
  };
  const verify = verifier(keys);
  const verifiedTokens = new VerifiedTokens(clock);
  return async (request) => {
    const token = /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
    if (token === undefined) throw new ProblemError('unauthenticated', 'Send the header "Authorization: Bearer <JWT>"');
    const known = verifiedTokens.find(token);
    if (known !== undefined) return known;
    let verified: JWTVerifyResult;
    try {
      verified = await verify(token, options);
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw expired(error);
      if ('jwksUrl' in keys && !aboutToken.some((kind) => error instanceof kind)) {
        throw new ProblemError('unavailable', 'The identity provider does not answer', {
          cause: error,
          retryAfterSeconds: 5,
        });
      }
      throw new ProblemError(
        'unauthenticated',
        `The token is not valid: ${error instanceof Error ? error.message : 'unreadable'}`,
        { cause: error },
      );
    }
    const claims = Claims.safeParse(verified.payload);
    if (!claims.success) {
      throw new ProblemError(
        'unauthenticated',
        `The token's claims do not fit: ${claims.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`,
      );
    }
    const { sub, tenant, role, exp } = claims.data;
    // jose's one tolerance is for all claims.
    if (clock().getTime() >= exp * 1000) throw expired();
    const authenticated = { actor: { tenant, id: sub, role, claims: claims.data }, expiresAt: new Date(exp * 1000) };
    verifiedTokens.keep(token, authenticated);
    return authenticated;
  };
}

function expired(cause?: Error): ProblemError {
  return new ProblemError('token_expired', 'The token has expired: get a new one', { cause });
}

function verifier(
  keys: { secret: string } | { jwksUrl: string },
): (token: string, options: JWTVerifyOptions) => Promise<JWTVerifyResult> {
  if ('secret' in keys) {
    const secret = new TextEncoder().encode(keys.secret);
    return (token, options) => jwtVerify(token, secret, options);
  }
  const remote: JWTVerifyGetKey = createRemoteJWKSet(new URL(keys.jwksUrl), { cooldownDuration: betweenFetchesMs });
  return (token, options) => jwtVerify(token, remote, options);
}
