// A moment, as people say it ("3 min ago"), with the exact one on hover and for screen readers.

import { Tooltip } from '@mantine/core';
import { useSyncExternalStore } from 'react';

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000], ['month', 2_592_000], ['day', 86_400], ['hour', 3_600], ['minute', 60], ['second', 1],
];
const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hour12: false });

/** One ticker for all times of the page. */
let now = Date.now();
const listeners = new Set<() => void>();
setInterval(() => {
  now = Date.now();
  for (const listener of listeners) listener();
}, 10_000);

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

function relative(at: Date): string {
  const past = at.getTime() <= Date.now();
  const ahead = Math.round((at.getTime() - Math.max(now, Date.now() - 10_000)) / 1000);
  // The ticker may be older than what has just happened.
  const seconds = past ? Math.min(0, ahead) : ahead;
  if (Math.abs(seconds) < 5) return 'just now';
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1];
  return words.format(Math.trunc(seconds / size), unit);
}

export const exactTime = (at: string | Date) => exact.format(new Date(at));
export const clockTime = (at: string | Date) => clock.format(new Date(at));

export function Time({ at, none = '–' }: { at?: string | null; none?: string }) {
  useSyncExternalStore(subscribe, () => now);
  if (!at) return <>{none}</>;
  return (
    <Tooltip label={exactTime(at)}>
      <time dateTime={at} style={{ whiteSpace: 'nowrap' }}>{relative(new Date(at))}</time>
    </Tooltip>
  );
}
