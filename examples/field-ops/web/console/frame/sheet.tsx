import { type ReactNode, useEffect, useId, useRef } from 'react';
import { createPortal } from 'react-dom';

interface SheetProps {
  readonly title: string;
  onClose(): void;
  readonly children: ReactNode;
}

/** A sheet at the side for one thing to do. Escape closes it; the focus goes back to where it was. */
export function Sheet({ title, onClose, children }: SheetProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current?.showModal();
    // The browser gives the focus back only where the dialog itself is closed, not where a button takes it away.
    return () => {
      const back = opener?.isConnected ? opener : document.querySelector('main');
      if (back instanceof HTMLElement) back.focus({ preventScroll: true });
    };
  }, []);
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
