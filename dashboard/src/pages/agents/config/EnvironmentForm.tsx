// Environment: the agent keeps to what it was started with.

import { Stack, Text } from '@mantine/core';
import type { FormProps } from './ModePanel';
import { SaveBar } from './SaveBar';
import { useSave } from './useSave';

export function EnvironmentForm({ agent, config, mayWrite, save }: FormProps) {
  const { busy, error, run } = useSave();
  const active = config.mode === 'env';
  return (
    <form onSubmit={(event) => { event.preventDefault(); void run(() => save({ mode: 'env' })); }}>
      <Stack>
        <Text size="sm">
          {agent.name} {active ? 'uses' : 'would use'} its own environment: the model, the address and the key that it was started with. Reeve gives it
          none and takes none away; it goes on to show whether the agent is there. No later grant changes that.
        </Text>
        {mayWrite && !active && (
          <SaveBar busy={busy} error={error}>
            {config.mode === 'manual' ? 'The config that was typed, and its key, are forgotten.' : 'The choice of a realm and a model is forgotten.'}
          </SaveBar>
        )}
      </Stack>
    </form>
  );
}
