// The end of each mode's form: the button, and why it was not saved.

import { Button, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { ProblemAlert } from '../../../components/Problem';

interface Props {
  busy: boolean;
  disabled?: boolean;
  error?: unknown;
  /** Beside the button. */
  children?: ReactNode;
}

export function SaveBar({ busy, disabled, error, children }: Props) {
  return (
    <Stack gap="xs">
      <ProblemAlert error={error} />
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Text size="xs" c="dimmed" component="div">{children}</Text>
        <Button type="submit" loading={busy} disabled={disabled} flex="none">Save</Button>
      </Group>
    </Stack>
  );
}
