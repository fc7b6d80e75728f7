// What opens over a page: in its middle, or beside it for what is long.

import { Drawer, Modal, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useReturnFocus } from './useReturnFocus';

interface Props {
  opened: boolean;
  onClose: () => void;
  title: ReactNode;
  beside?: boolean;
  size?: string;
  /** What it holds would be lost. */
  closeOnClickOutside?: boolean;
  children: ReactNode;
}

export function Dialog({ beside, title, ...rest }: Props) {
  useReturnFocus(rest.opened);
  return beside
    ? <Drawer {...rest} returnFocus={false} title={<Text fw={640} fz="lg">{title}</Text>} />
    : <Modal {...rest} returnFocus={false} title={<Text fw={640}>{title}</Text>} />;
}
