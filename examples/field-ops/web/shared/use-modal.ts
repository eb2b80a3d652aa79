import { type RefObject, useEffect, useRef } from 'react';

/** A dialog that is open as long as it is there. The focus goes back to where it was, or to the page. */
export function useModal(): RefObject<HTMLDialogElement | null> {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current?.showModal();
    // The browser gives the focus back only where the dialog itself is closed, not where its last step takes it away.
    return () => {
      const back = opener?.isConnected ? opener : document.querySelector('main');
      if (back instanceof HTMLElement) back.focus({ preventScroll: true });
    };
  }, []);
  return dialog;
}
