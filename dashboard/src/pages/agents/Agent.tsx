// One agent: who it is, how it gets its model, where it belongs, what happened to it.

import { Group, Stack, Tabs, Text } from '@mantine/core';
import { IconBan, IconClock } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useCan } from '../../api/me';
import type { AgentView } from '../../api/schema';
import { Copy, shortDid } from '../../components/Copy';
import { Notice } from '../../components/Notice';
import { Loaded, Page } from '../../components/Page';
import { Time } from '../../components/Time';
import { useUrl } from '../../components/url';
import { FrozenAlert } from '../freezes/Freeze';
import { AccessTab } from './AccessTab';
import { AgentActions } from './AgentActions';
import { ApproveButton } from './Approve';
import { ConfigTab } from './config/ConfigTab';
import { HistoryTab } from './HistoryTab';
import { MembershipTab } from './MembershipTab';
import { useMay } from './may';
import { agentQuery } from './queries';
import { LiveState } from './state';

export function Agent() {
  const { did = '' } = useParams({ strict: false });
  const query = useQuery(agentQuery(did));
  const agent = query.data;
  return (
    <Page
      title={agent?.name ?? shortDid(did)}
      parent={{ label: 'Agents', to: '/agents' }}
      lead={
        <Stack gap={6}>
          <Copy text={did} label="Copy the DID" />
          {agent && (
            <Group gap="4px 18px">
              <Text size="sm" c="var(--mantine-color-text)" component="div" aria-live="polite"><LiveState agent={agent} /></Text>
              <Since agent={agent} />
            </Group>
          )}
        </Stack>
      }
      actions={agent && <AgentActions agent={agent} />}
    >
      <Loaded query={query}>{(agent) => <Body agent={agent} />}</Loaded>
    </Page>
  );
}

/** When what happened, in a line. */
function Since({ agent }: { agent: AgentView }) {
  const { connected, since, lastSeen, agentVersion } = agent.connection;
  return (
    <Text span inherit>
      {connected && <>connected <Time at={since} /> · </>}
      {!connected && lastSeen && <>last seen <Time at={lastSeen} /> · </>}
      enrolled <Time at={agent.createdAt} />
      {agentVersion && <> · program {agentVersion}</>}
    </Text>
  );
}

function Body({ agent }: { agent: AgentView }) {
  const can = useCan();
  const [url, setUrl] = useUrl();
  const audit = can('audit:read');
  const names = ['config', 'membership', 'access', ...(audit ? ['history'] : [])];
  const tab = names.includes(url.tab ?? '') ? url.tab : 'config';
  return (
    <>
      <Stopped agent={agent} />
      <Tabs value={tab} onChange={(name) => setUrl({ tab: name === 'config' ? undefined : (name ?? undefined) })} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="config">Config</Tabs.Tab>
          <Tabs.Tab value="membership">Membership</Tabs.Tab>
          {audit && <Tabs.Tab value="history">History</Tabs.Tab>}
          <Tabs.Tab value="access">Access</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="config"><ConfigTab agent={agent} /></Tabs.Panel>
        <Tabs.Panel value="membership"><MembershipTab agent={agent} /></Tabs.Panel>
        <Tabs.Panel value="access"><AccessTab agent={agent} /></Tabs.Panel>
        {audit && <Tabs.Panel value="history"><HistoryTab agent={agent} /></Tabs.Panel>}
      </Tabs>
    </>
  );
}

/** Why it gets nothing, where an admin's word is the reason. */
function Stopped({ agent }: { agent: AgentView }) {
  const may = useMay();
  if (agent.status === 'pending') {
    return (
      <Notice tone="warn" icon={IconClock} title="Waiting for approval">
        <Group justify="space-between" gap="xs">
          <Text size="sm">It enrolled without a token <Time at={agent.createdAt} />. It gets nothing until it is approved.</Text>
          {may('agents:write', agent) && <ApproveButton agent={agent} size="compact-sm" />}
        </Group>
      </Notice>
    );
  }
  if (agent.status !== 'approved') {
    const word = agent.status === 'revoked' ? 'Revoked' : 'Rejected';
    return (
      <Notice tone="bad" icon={IconBan} title={word}>
        <Text size="sm">
          {agent.statusReason ? `${agent.statusReason} · ` : ''}<Time at={agent.updatedAt} />. It stays cut off. Only when it is deleted can it enrol again.
        </Text>
      </Notice>
    );
  }
  if (!agent.frozen) return null;
  return <FrozenAlert kind="agent" id={agent.did} name={agent.name} frozen={agent.frozen} may={may('freezes:write', agent)} />;
}
