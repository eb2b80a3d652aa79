import { type ReactNode, useId } from 'react';
import { createPortal } from 'react-dom';
import { useModal } from '../../shared/use-modal.ts';

interface SheetProps {
  readonly title: string;
  onClose(): void;
  readonly children: ReactNode;
}

/** A sheet at the side for one thing to do. Escape closes it; the focus goes back to where it was. */
export function Sheet({ title, onClose, children }: SheetProps) {
  const dialog = useModal();
  const titleId = useId();
  return createPortal(
    <dialog ref={dialog} className="sheet" aria-labelledby={titleId} onClose={onClose}>
      <div className="dialog-top">
        <h2 id={titleId}>{title}</h2>
        <button type="button" aria-label="Close" onClick={() => dialog.current?.close()}>
          ✕
        </button>
      </div>
      {children}
    </dialog>,
    document.body,
  );
}
