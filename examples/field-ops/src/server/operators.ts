/** The delivery operators on this backend: tenants, with nothing in common but the software. */
export const operators = [
  { tenant: 'pennco', name: 'PennCo', districts: ['Gaya', 'Nalanda', 'Muzaffarpur'], state: 'Bihar' },
  { tenant: 'vishi', name: 'Vishi', districts: ['Nashik', 'Solapur', 'Latur'], state: 'Maharashtra' },
  { tenant: 'salesco', name: 'SalesCo', districts: ['Madurai', 'Salem', 'Villupuram'], state: 'Tamil Nadu' },
] as const;
export type Operator = (typeof operators)[number];

/** Microfinance institutions whose loans are paid out and collected. */
export const mfis = ['bfil', 'lnt', 'greenlight', 'spandana', 'samasta'] as const;
