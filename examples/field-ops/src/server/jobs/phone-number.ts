/** An Indian number in E.164 without the plus, as gateways want it: 91 and ten digits. Undefined for anything else. */
export function gatewayNumber(phone: string): string | undefined {
  const digits = phone.replaceAll(/[\s()-]/g, '').replace(/^(\+|00)/, '');
  if (/^\d{10}$/.test(digits)) return `91${digits}`;
  if (/^0\d{10}$/.test(digits)) return `91${digits.slice(1)}`;
  return /^91\d{10}$/.test(digits) ? digits : undefined;
}

/** A number as it may be shown: its last four digits. */
export function maskedNumber(phone: string): string {
  return phone.length <= 4 ? '••••' : `${'•'.repeat(phone.length - 4)}${phone.slice(-4)}`;
}
