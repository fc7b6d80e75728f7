// What floats over the page. Escape closes the uppermost alone, so that a form below keeps what was typed. When it closes, the
// focus goes back to the button that opened it, also when that was a menu's, which is gone by then: Mantine returns it only where
// the dialog stays mounted and was opened by what still stands.

import { useEffect, useRef } from 'react';

/** What had the focus last on the page itself: dialogs, menus and drop-downs are put into portals. */
let onPage: HTMLElement | undefined;
document.addEventListener('focusin', ({ target }) => {
  if (target instanceof HTMLElement && !target.closest('[data-portal]')) onPage = target;
});

/** What is open, the uppermost last. */
const open: { close: () => void }[] = [];

window.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || event.isComposing || event.repeat) return;
  // An open drop-down or menu closes first.
  if (event.target instanceof Element && event.target.getAttribute('data-mantine-stop-propagation') === 'true') return;
  open.at(-1)?.close();
}, true);

/** `onEscape`: nothing where it may not be closed. The overlay's own `closeOnEscape` and `returnFocus` have to be off. */
export function useOverlay(opened: boolean, onEscape?: () => void): void {
  const escape = useRef(onEscape);
  useEffect(() => {
    escape.current = onEscape;
  });
  useEffect(() => {
    if (!opened) return;
    const below = open.at(-1);
    // Of a dialog over a dialog, what was used in the lower one.
    const used = document.activeElement;
    const opener = below && used instanceof HTMLElement && used !== document.body ? used : onPage;
    const self = { close: () => escape.current?.() };
    open.push(self);
    return () => {
      open.splice(open.indexOf(self), 1);
      setTimeout(() => {
        // Another one has opened meanwhile, such as the secret that a form has made: the focus is there.
        if (open.length > 0 && open.at(-1) !== below) return;
        const back = [opener, onPage, document.getElementById('main')].find((element) => element?.isConnected);
        back?.focus({ preventScroll: true });
      });
    };
  }, [opened]);
}
