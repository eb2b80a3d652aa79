import type { DeliveryRow } from './client.ts';
import { useLanguage } from './i18n/language.tsx';

/** What is to be done with the cash; the raw word where this app does not know it. */
export function KindLabel({ kind }: { kind: DeliveryRow['kind'] }) {
  const { t } = useLanguage();
  const words: Readonly<Record<string, string>> = t.kind;
  return (
    <span className="kind" data-kind={kind}>
      {words[kind] ?? kind}
    </span>
  );
}
