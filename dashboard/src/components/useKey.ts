// Shortcuts of a single key, such as / to search. Each person may switch them off: who dictates or has a tremor meets them by accident
// (WCAG 2.1.4).

import { useHotkeys, useLocalStorage } from '@mantine/hooks';

export const useSingleKeys = () => useLocalStorage({ key: 'reeve-single-keys', defaultValue: true, getInitialValueInEffect: false });

/** Runs it while nothing is typed; says whether the key is on. */
export function useKey(key: string, run: () => void): boolean {
  const [on] = useSingleKeys();
  useHotkeys(on ? [[key, run]] : []);
  return on;
}
