/** The three operators on one backend. */
export const tenants = ['pennco', 'vishi', 'salesco'] as const;
export type Tenant = (typeof tenants)[number];
