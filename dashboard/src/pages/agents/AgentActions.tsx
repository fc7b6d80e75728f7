// What can be done with an agent as a whole.

import { Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconBan, IconHelpHexagon, IconSnowflake, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { api, ask, ifMatch } from '../../api/client';
import type { AgentView } from '../../api/schema';
import { ActionMenu } from '../../components/ActionMenu';
import { Confirm } from '../../components/Confirm';
import { useDone } from '../../components/useDone';
import { ExplainLink } from '../explain/ExplainLink';
import { FreezeDialog } from '../freezes/Freeze';
import { ApproveButton } from './Approve';
import { Loss } from './Loss';
import { RevokeDialog } from './RevokeDialog';
import { isPartlySeen } from './PartlySeen';
import { useMay } from './may';
import { configQuery } from './queries';

export function AgentActions({ agent }: { agent: AgentView }) {
  const may = useMay();
  const [freezing, freeze] = useDisclosure();
  const [revoking, revoke] = useDisclosure();
  const [deleting, remove] = useDisclosure();
  const partly = isPartlySeen(useQuery(configQuery(agent.did)).error);
  const mayWrite = may('agents:write', agent) && !partly;
  const mayFreeze = may('freezes:write', agent) && !partly && agent.status === 'approved' && !agent.frozen;
  const canRevoke = mayWrite && agent.status !== 'revoked';
  return (
    <>
      {!partly && <ExplainLink agent={agent.did} variant="default" leftSection={<IconHelpHexagon size={16} aria-hidden />}>Explain access</ExplainLink>}
      {agent.status === 'pending' && mayWrite && <ApproveButton agent={agent} />}
      <ActionMenu
        actions={[
          mayFreeze && { label: 'Freeze', icon: IconSnowflake, run: freeze.open },
          canRevoke && { label: 'Revoke', icon: IconBan, bad: true, run: revoke.open },
          mayWrite && { label: 'Delete', icon: IconTrash, bad: true, run: remove.open },
        ]}
      />
      <FreezeDialog opened={freezing} onClose={freeze.close} kind="agent" id={agent.did} name={agent.name}>
        <Stack gap="xs">
          <Text size="sm">It keeps its session and may use nothing until it is unfrozen. Then it has exactly what it had.</Text>
          <Text size="sm">Where it shares a realm’s key, that key is replaced; the other agents of the realm have five minutes to change to the new one.</Text>
        </Stack>
      </FreezeDialog>
      <RevokeDialog agent={agent} opened={revoking} onClose={revoke.close} />
      <DeleteDialog agent={agent} opened={deleting} onClose={remove.close} />
    </>
  );
}

function DeleteDialog({ agent, opened, onClose }: { agent: AgentView; opened: boolean; onClose: () => void }) {
  const done = useDone();
  const navigate = useNavigate();
  const run = async () => {
    const params = { path: { did: agent.did }, header: ifMatch(agent.version) };
    const answer = await ask(api.DELETE('/api/agents/{did}', { params }));
    await navigate({ to: '/agents' });
    done(`${agent.name} is deleted`, answer, 'overview', 'realms', 'explain');
  };
  return (
    <Confirm opened={opened} onClose={onClose} title={`Delete ${agent.name}?`} action="Delete" name={agent.status === 'approved' ? agent.name : undefined} run={run}>
      <Stack gap="sm">
        <Text size="sm">
          Reeve forgets it: its realms, its config and its session. It may enrol again under the same DID. To keep it out, revoke it instead.
        </Text>
        {opened && agent.status === 'approved' && <Loss agent={agent} />}
      </Stack>
    </Confirm>
  );
}
