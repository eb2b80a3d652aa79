import { useState } from 'react';
import type { ExportFilters, ExportKind } from '../../../src/export-answers.ts';
import { ExportSheet } from './export-sheet.tsx';

interface ExportButtonProps {
  readonly kind: ExportKind;
  readonly filters?: ExportFilters;
  /** What will be in the file, in words. */
  readonly what: string;
  /** Asks for the days, too. */
  readonly days?: boolean;
}

/** Takes what is shown out as a file. */
export function ExportButton(props: ExportButtonProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" data-testid={`export-${props.kind}`} onClick={() => setOpen(true)}>
        Export…
      </button>
      {open && <ExportSheet {...props} onClose={() => setOpen(false)} />}
    </>
  );
}
