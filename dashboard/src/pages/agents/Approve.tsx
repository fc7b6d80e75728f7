// The decision about an agent that waits: let in, or turn away.

import { Button, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconCheck } from '@tabler/icons-react';
import { api, ask } from '../../api/client';
import type { AgentView } from '../../api/schema';
import { Confirm } from '../../components/Confirm';
import { Copy } from '../../components/Copy';
import { Status } from '../../components/Status';
import { useDone } from '../../components/useDone';
import { RevokeDialog } from './RevokeDialog';
import { useMay } from './may';

/** In lists. `turnAway`: with the other answer beside it. */
export function Waiting({ agent, turnAway }: { agent: AgentView; turnAway?: boolean }) {
  const may = useMay();
  const [revoking, revoke] = useDisclosure();
  if (!may('agents:write', agent)) return <Status state="pending" label="Waiting for approval" />;
  return (
    <Group gap={8} justify={turnAway ? 'flex-end' : undefined}>
      {!turnAway && <Status state="pending" label="Waiting" />}
      <ApproveButton agent={agent} size="compact-xs" />
      {turnAway && (
        <>
          <Button size="compact-xs" variant="default" onClick={revoke.open} aria-label={`Revoke ${agent.name}`}>Revoke</Button>
          <RevokeDialog agent={agent} opened={revoking} onClose={revoke.close} />
        </>
      )}
    </Group>
  );
}

export function ApproveButton({ agent, size = 'sm' }: { agent: AgentView; size?: string }) {
  const [opened, { open, close }] = useDisclosure();
  const done = useDone();
  const run = async () => {
    const answer = await ask(api.POST('/api/agents/{did}/approve', { params: { path: { did: agent.did } } }));
    done(`${agent.name} is approved`, answer, 'agents', 'overview', 'explain');
  };
  return (
    <>
      <Button size={size} onClick={open} leftSection={<IconCheck size={size === 'sm' ? 16 : 13} aria-hidden />} aria-label={`Approve ${agent.name}`}>Approve</Button>
      <Confirm opened={opened} onClose={close} title={`Approve ${agent.name}?`} action="Approve" run={run} harmless>
        <Stack gap="xs">
          <Text size="sm">
            Anybody can ask under any name. Compare the DID with what <b>reeve-agent status</b> prints on its machine:
          </Text>
          <Copy text={agent.did} label="Copy the DID" />
          <Text size="sm">
            {agent.realms.length > 0
              ? `It gets what ${agent.realms.map((r) => r.name).join(', ')} may use.`
              : 'It is in no realm, so it gets nothing before it joins one.'}
          </Text>
        </Stack>
      </Confirm>
    </>
  );
}
