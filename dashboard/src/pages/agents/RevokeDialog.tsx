// Cutting an agent off for good.

import { Stack, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import { api, ask } from '../../api/client';
import type { AgentView } from '../../api/schema';
import { Confirm } from '../../components/Confirm';
import { useDone } from '../../components/useDone';
import { Loss } from './Loss';

export function RevokeDialog({ agent, opened, onClose }: { agent: AgentView; opened: boolean; onClose: () => void }) {
  const [reason, setReason] = useState('');
  const done = useDone();
  const approved = agent.status === 'approved';
  const run = async () => {
    const params = { path: { did: agent.did } };
    const answer = await ask(api.POST('/api/agents/{did}/revoke', { params, body: { reason: reason.trim() || null } }));
    done(`${agent.name} is revoked`, answer, 'agents', 'overview', 'realms', 'explain');
    setReason('');
  };
  return (
    <Confirm opened={opened} onClose={onClose} title={`Revoke ${agent.name}?`} action="Revoke" name={approved ? agent.name : undefined} run={run}>
      <Stack gap="sm">
        <Text size="sm">
          {approved
            ? 'Its session is closed and it is told to wipe its keys. It stays cut off: only when it is deleted can it enrol again.'
            : 'It is turned away and stays cut off: only when it is deleted can it ask again.'}
        </Text>
        {opened && <Loss agent={agent} />}
        <Textarea
          label="Reason"
          description="Shown on its page and kept in the audit record."
          autosize minRows={1} maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
      </Stack>
    </Confirm>
  );
}
