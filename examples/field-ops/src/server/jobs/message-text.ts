import { operators } from '../operators.ts';

const texts = {
  collection: '{operator}: Rs {amount} received in cash. Receipt {receipt}. Please keep this message.',
  disbursement: '{operator}: Rs {amount} handed over in cash. Receipt {receipt}. Please keep this message.',
} as const;

/** What a confirmation says to the customer. */
export interface Confirmed {
  readonly tenant: string;
  readonly kind: keyof typeof texts;
  readonly amountPaise: number;
  readonly receiptNo: string;
}

/** The values of a template, in the order of WhatsApp's variables. */
export function confirmationValues({ tenant, amountPaise, receiptNo }: Confirmed): {
  readonly operator: string;
  readonly amount: string;
  readonly receipt: string;
} {
  return { operator: operatorName(tenant), amount: rupees(amountPaise), receipt: receiptNo };
}

/** @param own the operator's own words, by kind */
export function confirmationText(
  confirmed: Confirmed,
  own: Partial<Record<keyof typeof texts, string | undefined>> = {},
): string {
  const values: Readonly<Record<string, string>> = confirmationValues(confirmed);
  const template = own[confirmed.kind] ?? texts[confirmed.kind];
  return template.replaceAll(/\{(operator|amount|receipt)\}/g, (_all, name: string) => values[name] ?? '');
}

export function operatorName(tenant: string): string {
  return operators.find((operator) => operator.tenant === tenant)?.name ?? tenant;
}

const indian = new Intl.NumberFormat('en-IN', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** Paise as rupees with Indian grouping: 12345600 is 1,23,456.00. */
function rupees(paise: number): string {
  return indian.format(paise / 100);
}
