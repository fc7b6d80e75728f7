// A new token, shown once, with the command that uses it.

import { Button, Code, CopyButton, Group, Stack, Text } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import type { CreatedToken } from '../../api/schema';
import { ShownOnce } from '../../components/ShownOnce';
import { exactTime } from '../../components/Time';
import { enrolCommand } from './HowEnrolment';

export function NewTokenShown({ made, realms, onClose }: { made?: CreatedToken; realms: string; onClose: () => void }) {
  const command = enrolCommand(made?.token ?? '');
  return (
    <ShownOnce secret={made?.token} title="The enrolment token" onClose={onClose}>
      {made && (
        <Stack gap="xs">
          <Text size="sm">
            Good for {made.maxUses === 1 ? 'one agent' : `${made.maxUses} agents`} until {exactTime(made.expiresAt)}; they join {realms}. Run this where the agent is to be:
          </Text>
          <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{command}</Code>
          <Group>
            <CopyButton value={command}>
              {({ copied, copy }) => (
                <Button size="compact-sm" variant="default" onClick={copy} leftSection={copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}>
                  {copied ? 'Copied' : 'Copy the command'}
                </Button>
              )}
            </CopyButton>
          </Group>
        </Stack>
      )}
    </ShownOnce>
  );
}
