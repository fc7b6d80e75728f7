// Tries a deployment out before it is stored: every proxy makes one real call with what the form says.

import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconPlugConnected } from '@tabler/icons-react';
import { useState } from 'react';
import { api, ask } from '../../api/client';
import type { TestConnection, TestResult } from '../../api/schema';
import { ProblemAlert } from '../../components/Problem';
import { Status } from '../../components/Status';

interface Props {
  /** What to try; null when something is missing still, and the form says what. */
  body: () => TestConnection | null;
}

export function ConnectionTest({ body }: Props) {
  const [busy, setBusy] = useState(false);
  const [found, setFound] = useState<TestResult>();
  const [error, setError] = useState<unknown>();
  const run = async () => {
    const wanted = body();
    if (!wanted) return;
    setBusy(true);
    setError(undefined);
    setFound(undefined);
    try {
      setFound(await ask(api.POST('/api/connection-tests', { body: wanted })));
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Stack gap="xs">
      <Group gap="sm">
        <Button variant="default" loading={busy} onClick={() => void run()} leftSection={<IconPlugConnected size={16} aria-hidden />}>Test connection</Button>
        <Text size="sm" c="dimmed" flex={1} miw={220}>Every proxy makes one real call to the provider. Each is billed. Nothing is stored.</Text>
      </Group>
      <div aria-live="polite">
        {found && (
          <Alert color={found.ok ? 'teal' : 'yellow'} variant="outline">
            <Stack gap={6}>
              <Text size="sm" fw={600}>
                {found.ok ? 'Every proxy can call it.' : found.proxies.length === 0 ? 'There is no proxy to try it.' : 'Not every proxy could call it.'}
              </Text>
              {found.proxies.map((p) => (
                <Group key={p.proxyId} gap="sm" align="flex-start">
                  <Text span size="sm" w={120} truncate>{p.proxyName}</Text>
                  <Status state={p.ok ? 'ok' : 'failed'} label={p.ok ? 'called it' : 'could not'} />
                  {p.message && <Text span size="sm" flex={1} miw={200} style={{ overflowWrap: 'anywhere' }}>{p.message}</Text>}
                </Group>
              ))}
            </Stack>
          </Alert>
        )}
        <ProblemAlert error={error} />
      </div>
    </Stack>
  );
}
