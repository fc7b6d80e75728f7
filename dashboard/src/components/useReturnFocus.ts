// Where the focus goes when something that floated over the page closes: back to the button that opened it, also when that was a
// menu's, which is gone by then. Mantine returns it only where the dialog stays mounted and was opened by what still stands.

import { useEffect } from 'react';

/** What had the focus last on the page itself: dialogs, menus and drop-downs are put into portals. */
let onPage: HTMLElement | undefined;
document.addEventListener('focusin', ({ target }) => {
  if (target instanceof HTMLElement && !target.closest('[data-portal]')) onPage = target;
});

/** What is open, the uppermost last. */
const open: object[] = [];

export function useReturnFocus(opened: boolean): void {
  useEffect(() => {
    if (!opened) return;
    const below = open.at(-1);
    // Of a dialog over a dialog, what was used in the lower one.
    const used = document.activeElement;
    const opener = below && used instanceof HTMLElement && used !== document.body ? used : onPage;
    const self = {};
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
