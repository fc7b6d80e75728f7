// The document that an agent refused last, and the way to offer it once more.

import { Button, Code, Group, Stack, Text } from '@mantine/core';
import { IconAlertOctagon } from '@tabler/icons-react';
import { useState } from 'react';
import { api, ask } from '../../../api/client';
import type { AgentView, Rejected } from '../../../api/schema';
import { Notice } from '../../../components/Notice';
import { ProblemAlert } from '../../../components/Problem';
import { Time } from '../../../components/Time';
import { useDone } from '../../../components/useDone';
import { useMay } from '../may';

export function Rejection({ agent, rejected }: { agent: AgentView; rejected: Rejected }) {
  const may = useMay();
  const done = useDone();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const current = rejected.hash === agent.wanted.hash;
  const retry = async () => {
    setBusy(true);
    setError(undefined);
    try {
      done('Offered once more', await ask(api.POST('/api/agents/{did}/llm-config/retry', { params: { path: { did: agent.did } } })), 'agents', 'changes');
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Notice tone="bad" icon={IconAlertOctagon} title={`The agent rejected version ${rejected.version}`}>
      <Stack gap={6}>
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>{rejected.message ?? 'It did not say why.'}</Text>
        <Group gap="xs">
          {rejected.code && <Code>{rejected.code}</Code>}
          {rejected.field && <Text size="xs">field <Code>{rejected.field}</Code></Text>}
          <Text size="xs" c="dimmed"><Time at={rejected.at} /></Text>
        </Group>
        <Text size="sm" c="dimmed">
          {agent.running ? `It goes on with version ${agent.running.version}.` : 'It runs nothing.'}{' '}
          {current ? 'The same document is not offered again until something changes or you say so.' : 'What it should have now is another document.'}
        </Text>
        {current && may('agents:write', agent) && <Group><Button size="compact-sm" variant="default" loading={busy} onClick={() => void retry()}>Offer it once more</Button></Group>}
        <ProblemAlert error={error} />
      </Stack>
    </Notice>
  );
}
