// Nothing here yet: what it would be, and the next step.

import { Stack, Text, ThemeIcon } from '@mantine/core';
import type { Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';

interface Props {
  icon: Icon;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

export function Empty({ icon: Icon, title, children, action }: Props) {
  return (
    <Stack align="center" gap="xs" py={44} px="md" ta="center">
      <ThemeIcon size={44} radius="xl" variant="default" aria-hidden><Icon size={22} stroke={1.6} /></ThemeIcon>
      <Text fw={600}>{title}</Text>
      {children && <Text size="sm" c="dimmed" maw={460} component="div">{children}</Text>}
      {action}
    </Stack>
  );
}
