import { type ReactNode, useEffect, useRef } from 'react';
import { createPortal } from 'react-dom';
import { useModal } from '../shared/use-modal.ts';
import { useLanguage } from './i18n/language.tsx';

/** A dialog from the bottom of the screen. The browser keeps the focus in it, and Escape or "back" closes it. */
export function Sheet({ title, onClose, children }: { title: string; onClose(): void; children: ReactNode }) {
  const { t } = useLanguage();
  const dialog = useModal();
  const heading = useRef<HTMLHeadingElement>(null);
  // A next step of the same sheet is read out from its title; the button that led to it is gone.
  useEffect(() => {
    heading.current?.focus();
  }, [title]);
  // Outside of what opens it: a sheet opened from the header must not be drawn in the header's white on green.
  return createPortal(
    <dialog ref={dialog} className="sheet" aria-labelledby="sheet-title" onClose={onClose}>
      <div className="sheet-top">
        <h2 id="sheet-title" ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <button type="button" className="close" aria-label={t.close} onClick={() => dialog.current?.close()}>
          ✕
        </button>
      </div>
      {children}
    </dialog>,
    document.body,
  );
}
