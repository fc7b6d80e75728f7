// One agent: who it is, how it gets its model, where it belongs, what happened to it.

import { Alert, Group, Stack, Tabs, Text } from '@mantine/core';
import { IconClipboardCheck, IconClock, IconSnowflake } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useCan } from '../../api/me';
import type { AgentView } from '../../api/schema';
import { Copy, shortDid } from '../../components/Copy';
import { Loaded, Page } from '../../components/Page';
import { Facts } from '../../components/Panel';
import { Time } from '../../components/Time';
import { useUrl } from '../../components/url';
import { AccessTab } from './AccessTab';
import { AgentActions } from './AgentActions';
import { ApproveButton } from './Approve';
import { ConfigTab } from './config/ConfigTab';
import { UnfreezeButton } from './FreezeDialog';
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
          {agent && <Text span size="sm" c="var(--mantine-color-text)" component="div" aria-live="polite"><LiveState agent={agent} /></Text>}
        </Stack>
      }
      actions={agent && <AgentActions agent={agent} />}
    >
      <Loaded query={query}>{(agent) => <Body agent={agent} />}</Loaded>
    </Page>
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
      <Facts
        items={[
          [agent.connection.connected ? 'Connected' : 'Last seen', <Time key="t" at={agent.connection.connected ? agent.connection.since : agent.connection.lastSeen} none="never" />],
          ['Approved', agent.approvedAt && <Time at={agent.approvedAt} />],
          ['Enrolled', <Time key="e" at={agent.createdAt} />],
          ['Program', agent.connection.agentVersion && `version ${agent.connection.agentVersion}`],
        ]}
      />
      <Tabs value={tab} onChange={(name) => setUrl({ tab: name === 'config' ? undefined : (name ?? undefined) })} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="config">Config</Tabs.Tab>
          <Tabs.Tab value="membership">Membership</Tabs.Tab>
          <Tabs.Tab value="access">Access</Tabs.Tab>
          {audit && <Tabs.Tab value="history">History</Tabs.Tab>}
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
      <Alert color="yellow" variant="outline" icon={<IconClock aria-hidden />} title="Waiting for approval">
        <Group justify="space-between" gap="xs">
          <Text size="sm">It enrolled without a token <Time at={agent.createdAt} />. It gets nothing until it is approved.</Text>
          {may('agents:write', agent) && <ApproveButton agent={agent} size="compact-sm" />}
        </Group>
      </Alert>
    );
  }
  if (agent.status !== 'approved') {
    const word = agent.status === 'revoked' ? 'Revoked' : 'Rejected';
    return (
      <Alert color="red" variant="outline" icon={<IconClipboardCheck aria-hidden />} title={word}>
        <Text size="sm">
          {agent.statusReason ? `${agent.statusReason} · ` : ''}<Time at={agent.updatedAt} />. It stays cut off. Only when it is deleted can it enrol again.
        </Text>
      </Alert>
    );
  }
  if (!agent.frozen) return null;
  return (
    <Alert color="yellow" variant="outline" icon={<IconSnowflake aria-hidden />} title="Frozen">
      <Group justify="space-between" gap="xs">
        <Text size="sm">{agent.frozen.reason} · by {agent.frozen.by}, <Time at={agent.frozen.since} />. It may use nothing until it is unfrozen.</Text>
        {may('freezes:write', agent) && <UnfreezeButton agent={agent} />}
      </Group>
    </Alert>
  );
}
