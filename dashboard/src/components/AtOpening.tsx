// An edit begins anew each time its dialog opens, with the thing as it is then. Once something was touched it keeps to that: when
// somebody else changes the thing meanwhile, what is typed stays, and saving is refused by the version that it began with.

import { useState, type ReactNode } from 'react';

interface Props<T> {
  opened: boolean;
  value: T;
  /** Another one is another value. */
  version: unknown;
  children: (value: T) => ReactNode;
}

export function AtOpening<T>({ opened, value, version, children }: Props<T>) {
  const [at, setAt] = useState({ opened, value, version, touched: false, beginning: 0 });
  const opens = opened && !at.opened;
  // What was just saved may be read again only after the dialog has opened once more.
  const renewed = opened && !at.touched && at.version !== version;
  if (opens || renewed) setAt({ opened, value, version, touched: false, beginning: at.beginning + 1 });
  else if (opened !== at.opened) setAt({ ...at, opened });
  const touch = () => {
    if (!at.touched) setAt({ ...at, touched: true });
  };
  // `onInput`, not its capture: rendered before the field hears of it, the field would have what it had.
  return (
    <div style={{ display: 'contents' }} key={at.beginning} onKeyDownCapture={touch} onPointerDownCapture={touch} onInput={touch}>
      {children(at.value)}
    </div>
  );
}
