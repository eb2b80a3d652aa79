/** The forms of a counted phrase: `#` stands for the number. Languages need what Intl.PluralRules says of them. */
type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

/** Counts as a language does: `counted(1, { one: '# delivery', other: '# deliveries' })`. Digits are Latin, grouped as in India. */
export function countedIn(locale: string): (count: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(locale);
  const digits = new Intl.NumberFormat('en-IN');
  return (count, forms) => (forms[rules.select(count)] ?? forms.other).replace('#', digits.format(count));
}
