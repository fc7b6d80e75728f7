// What an agent can call: what its realms grant, and which of it the document that it has names.

import { Anchor, Badge, Group, Stack, Table, Text, VisuallyHidden } from '@mantine/core';
import { IconBox, IconUsersGroup } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { AgentView, LlmConfigView, RealmOffer } from '../../api/schema';
import { Empty } from '../../components/Empty';
import table from '../../components/DataTable.module.css';
import { Panel } from '../../components/Panel';
import { Status } from '../../components/Status';
import { ExplainLink } from '../explain/ExplainLink';
import { Whole } from './PartlySeen';
import { configQuery, offerQuery } from './queries';

export function AccessTab({ agent }: { agent: AgentView }) {
  const offer = useQuery(offerQuery(agent.did));
  const config = useQuery(configQuery(agent.did));
  return (
    <Whole query={offer}>
      {({ realms, litellmConfigured }) => (
        <Stack>
          <Text size="sm" c="dimmed">
            What its realms grant. The key that it has now is of one realm: what that one may call, it can call.
            {!litellmConfigured && ' No proxy is registered yet, so nothing can be called.'}
          </Text>
          {realms.length === 0 && (
            <Panel>
              <Empty icon={IconUsersGroup} title="It is in no realm">What an agent may use comes from its realms. Have it join one on the tab Membership.</Empty>
            </Panel>
          )}
          {realms.map((realm) => <Realm key={realm.realmId} agent={agent} realm={realm} config={config.data} />)}
        </Stack>
      )}
    </Whole>
  );
}

function Realm({ agent, realm, config }: { agent: AgentView; realm: RealmOffer; config?: LlmConfigView }) {
  return (
    <Panel
      flush
      title={
        <Group gap="xs">
          <Anchor component={Link} to={`/realms/${realm.realmId}`} inherit c="inherit">{realm.realmName}</Anchor>
          {realm.isPrimary && <Badge variant="default" size="sm" tt="none">Primary</Badge>}
        </Group>
      }
      lead={realm.hasVirtualKey ? undefined : 'There is no virtual key yet: the first grant makes one.'}
    >
      {realm.models.length === 0 ? (
        <Empty icon={IconBox} title="No model is granted here" />
      ) : (
        <Table.ScrollContainer minWidth={0}>
          <Table className={table.table} aria-label={`Models of ${realm.realmName}`}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Model</Table.Th>
                <Table.Th visibleFrom="sm">At the provider</Table.Th>
                <Table.Th>Told to the agent</Table.Th>
                <Table.Th><VisuallyHidden>Explain</VisuallyHidden></Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {realm.models.map((model) => (
                <Table.Tr key={model.id}>
                  <Table.Td>
                    <Anchor component={Link} to={`/models/${model.id}`} size="sm" fw={550} c="inherit">{model.name}</Anchor>
                    <Text size="xs" c="dimmed" ff="monospace" style={{ overflowWrap: 'anywhere' }}>{model.litellmModelName}</Text>
                  </Table.Td>
                  <Table.Td visibleFrom="sm">{model.provider} · {model.modelId}</Table.Td>
                  <Table.Td><Told config={config} model={model.litellmModelName} /></Table.Td>
                  <Table.Td ta="right">
                    <ExplainLink agent={agent.did} model={model.litellmModelName} size="compact-xs" variant="default" aria-label={`Explain ${model.name}`}>Explain</ExplainLink>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Panel>
  );
}

function Told({ config, model }: { config?: LlmConfigView; model: string }) {
  if (!config) return <>–</>;
  if (config.mode !== 'realm') return <Status state="off" label="No" why="It does not use Realm Routing." />;
  if (config.config?.model === model) return <Status state="yes" label="Yes, as its model" />;
  if (config.config?.models.includes(model)) return <Status state="yes" label="Yes" why="Its key may call it, beside the model that it was given." />;
  return <Status state="off" label="No" why={config.detail?.message ?? 'It has the key of another realm, or the model is not live yet.'} />;
}
