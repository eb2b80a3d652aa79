import { operators } from '../../examples/field-ops/src/server/operators.ts';

export const tenants: readonly string[] = operators.map(({ tenant }) => tenant);

/** A text that stands in every row of a tenant and may never be seen by another one. */
export const canaryOf = (tenant: string): string => `canary-${tenant}-yranac`;

/** The tenants, other than this one, whose canary is in a text. */
export function strangersIn(text: string, tenant: string): string[] {
  return tenants.filter((other) => other !== tenant && text.includes(canaryOf(other)));
}
