// What opens over a page: in its middle, or beside it for what is long.

import { Drawer, Modal, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useOverlay } from './useOverlay';

interface Props {
  opened: boolean;
  onClose: () => void;
  title: ReactNode;
  beside?: boolean;
  size?: string;
  /** What it holds would be lost. */
  closeOnClickOutside?: boolean;
  /** What it asked for is on its way: it stays until it can say what became of that. */
  busy?: boolean;
  children: ReactNode;
}

export function Dialog({ beside, title, busy, onClose, ...rest }: Props) {
  const close = () => {
    if (!busy) onClose();
  };
  useOverlay(rest.opened, close);
  const props = { ...rest, onClose: close, returnFocus: false, closeOnEscape: false, withCloseButton: !busy };
  return beside
    ? <Drawer {...props} title={<Text fw={640} fz="lg">{title}</Text>} />
    : <Modal {...props} title={<Text fw={640}>{title}</Text>} />;
}
