// What the proxies call for a model: its deployments, in the order in which they are tried.

import { Anchor, Box, Button, Code, Divider, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPencil, IconPlus, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Fragment, useState } from 'react';
import { api, ask, ifMatch } from '../../api/client';
import { useCan } from '../../api/me';
import type { SyncedDeploymentView, SyncedModelView } from '../../api/schema';
import { ActionMenu } from '../../components/ActionMenu';
import { Confirm } from '../../components/Confirm';
import { Loaded } from '../../components/Page';
import { Facts, Panel } from '../../components/Panel';
import { Status } from '../../components/Status';
import { useDone } from '../../components/useDone';
import { DeploymentForm } from './DeploymentForm';
import { providerLabel } from './naming';
import { allCredentialsQuery } from './queries';

export function Deployments({ model }: { model: SyncedModelView }) {
  const can = useCan();
  const done = useDone();
  const [adding, add] = useDisclosure();
  const [edited, setEdited] = useState<SyncedDeploymentView>();
  const [removed, setRemoved] = useState<SyncedDeploymentView>();
  const path = { id: model.id };
  const deployments = useQuery({
    queryKey: ['models', model.id, 'deployments'],
    queryFn: async () => (await ask(api.GET('/api/models/{id}/deployments', { params: { path } }))).items,
  });
  const credentials = useQuery({ ...allCredentialsQuery, enabled: can('credentials:read') });
  const credential = (d: SyncedDeploymentView) => credentials.data?.find((c) => c.id === d.credentialId)?.name;
  const key = (d: SyncedDeploymentView) =>
    !d.apiKeySet ? 'no key' : credential(d) ? `${credential(d)} ${d.apiKeyFingerprint ?? ''}` : `a key of its own ${d.apiKeyFingerprint ?? ''}`;
  return (
    <Panel
      title="Deployments"
      lead="What the proxies call, the lowest order first."
      actions={can('models:write') && <Button variant="default" size="xs" leftSection={<IconPlus size={15} aria-hidden />} onClick={add.open}>Add a deployment</Button>}
    >
      <Loaded query={deployments}>
        {(items) =>
          [...items].sort((a, b) => (a.order ?? 0) - (b.order ?? 0)).map((d, n) => (
            <Fragment key={d.id}>
              {n > 0 && <Divider my="md" />}
              <Group justify="space-between" wrap="nowrap" mb="sm">
                <Box miw={0}>
                  <Text fw={600} size="sm" style={{ overflowWrap: 'anywhere' }}>
                    {providerLabel(d.provider)} <Text span inherit fw={400} c="dimmed">·</Text> <Text span inherit ff="monospace" fw={500}>{d.modelId}</Text>
                  </Text>
                </Box>
                <Group gap="xs" wrap="nowrap">
                  {d.sync.proxies.length > 0 && <Text size="sm" component="span"><Status state={d.sync.state} /></Text>}
                  {can('models:write') && (
                    <ActionMenu
                      of={`${d.provider} ${d.modelId}`}
                      actions={[
                        { label: 'Edit', icon: IconPencil, run: () => setEdited(d) },
                        { label: items.length === 1 ? 'Delete (the last one stays)' : 'Delete', icon: IconTrash, bad: true, disabled: items.length === 1, run: () => setRemoved(d) },
                      ]}
                    />
                  )}
                </Group>
              </Group>
              <Facts
                items={[
                  ['Key', d.credentialId && credential(d) ? <><Anchor component={Link} to={`/credentials?q=${encodeURIComponent(credential(d) ?? '')}`} inherit>{credential(d)}</Anchor> <Text span inherit ff="monospace" c="dimmed">{d.apiKeyFingerprint}</Text></> : <>{d.apiKeySet ? 'of its own' : 'none'} <Text span inherit ff="monospace" c="dimmed">{d.apiKeyFingerprint}</Text></>],
                  ['Base URL', d.baseUrl ?? 'the provider’s own'],
                  ['Order', d.order],
                  ['Weight', d.weight],
                  ['Parameters', Object.keys(d.litellmParams).length > 0 && <Params params={d.litellmParams} />],
                ]}
              />
            </Fragment>
          ))
        }
      </Loaded>
      <DeploymentForm key={`new-${adding}`} opened={adding} onClose={add.close} model={model} />
      {edited && <DeploymentForm key={edited.id} opened onClose={() => setEdited(undefined)} model={model} deployment={edited} now={key(edited)} />}
      <Confirm
        opened={removed !== undefined} onClose={() => setRemoved(undefined)} title={`Delete a deployment of ${model.name}`} action="Delete"
        run={async () => {
          if (!removed) return;
          const params = { path: { ...path, deploymentId: removed.id }, header: ifMatch(removed.version) };
          done('Deleted the deployment', await ask(api.DELETE('/api/models/{id}/deployments/{deploymentId}', { params })), 'models');
        }}
      >
        Proxies no longer call {removed && providerLabel(removed.provider)} {removed?.modelId} for {model.litellmModelName}. The other deployments take its calls; nobody loses the model.
      </Confirm>
    </Panel>
  );
}

function Params({ params }: { params: Record<string, unknown> }) {
  return (
    <Group gap={6}>
      {Object.entries(params).map(([name, value]) => <Code key={name}>{name} = {typeof value === 'string' ? value : JSON.stringify(value)}</Code>)}
    </Group>
  );
}
