// Whether the session still counts. When it has ended, the page stays as it is, with what was typed, and asks to sign in again on top.

import { useSyncExternalStore } from 'react';

let ended = false;
const listeners = new Set<() => void>();

function set(value: boolean) {
  if (ended === value) return;
  ended = value;
  for (const listener of listeners) listener();
}

export const signedOut = () => set(true);
export const signedIn = () => set(false);

export const sessionEnded = () => ended;
export const onSession = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};
export const useSessionEnded = (): boolean => useSyncExternalStore(onSession, sessionEnded);
