// The text of a token, shown once, and what to do with it.

import { Code, Stack, Text } from '@mantine/core';
import type { ShownApiToken } from '../../api/schema';
import { ShownOnce } from '../../components/ShownOnce';
import { exactTime } from '../../components/Time';

export function TokenShown({ shown, onClose }: { shown?: ShownApiToken; onClose: () => void }) {
  return (
    <ShownOnce secret={shown?.token} title={`Token ${shown?.name ?? ''}`} onClose={onClose}>
      {shown && (
        <Stack gap="xs">
          <Text size="sm">
            Put it where the service keeps its secrets, as <Code>REEVE_TOKEN</Code> for the CLI, or send it as <Code>Authorization: Bearer</Code>. It ends{' '}
            {exactTime(shown.expiresAt)}.
          </Text>
          {shown.previousUntil && <Text size="sm">The text before it counts until {exactTime(shown.previousUntil)}.</Text>}
        </Stack>
      )}
    </ShownOnce>
  );
}
