// An edit begins anew each time its dialog opens, with the thing as it is then, and keeps to that: when somebody else changes it
// meanwhile, what is typed stays, and saving is refused by the version that it began with.

import { Fragment, useState, type ReactNode } from 'react';

export function AtOpening<T>({ opened, value, children }: { opened: boolean; value: T; children: (value: T) => ReactNode }) {
  const [at, setAt] = useState({ opened, value, opening: 0 });
  if (at.opened !== opened) setAt(opened ? { opened, value, opening: at.opening + 1 } : { ...at, opened });
  return <Fragment key={at.opening}>{children(at.value)}</Fragment>;
}
