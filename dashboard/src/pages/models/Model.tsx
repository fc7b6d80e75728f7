// One model: who may use it, what the proxies call for it, and where it is live.

import { Grid, Group, Stack, Text } from '@mantine/core';
import { IconPlayerPause } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useCan } from '../../api/me';
import type { SyncedModelView } from '../../api/schema';
import { Copy } from '../../components/Copy';
import { Notice } from '../../components/Notice';
import { Loaded, Page } from '../../components/Page';
import { Facts, Panel } from '../../components/Panel';
import { Time } from '../../components/Time';
import { FrozenAlert } from '../freezes/Freeze';
import { Deployments } from './Deployments';
import { Grants } from './Grants';
import { LiveOn } from './LiveOn';
import { ModelActions } from './ModelActions';
import { providerLabel } from './naming';
import { modelQuery } from './queries';
import { WhereLive } from './WhereLive';

export function Model() {
  const { id = '' } = useParams({ strict: false });
  const model = useQuery(modelQuery(id));
  return (
    <Page
      title={model.data?.name ?? 'Model'}
      parent={{ label: 'Models', to: '/models' }}
      lead={model.data && <Copy text={model.data.litellmModelName} label="Copy the name that callers say" />}
      actions={model.data && <ModelActions model={model.data} />}
    >
      <Loaded query={model}>{(data) => <Sections model={data} />}</Loaded>
    </Page>
  );
}

function Sections({ model }: { model: SyncedModelView }) {
  const can = useCan();
  const readsGrants = can('grants:read', 'any');
  return (
    <>
      {model.frozen && <FrozenAlert kind="model" id={model.id} name={model.name} frozen={model.frozen} may={can('freezes:write')} />}
      {model.status === 'inactive' && (
        <Notice tone="info" icon={IconPlayerPause} title="Inactive">Nobody can call it, and it is taken off every proxy. Its entry and its grants are kept.</Notice>
      )}
      {model.description && <Text size="sm">{model.description}</Text>}
      <Grid gap="lg" align="flex-start">
        <Grid.Col span={{ base: 12, md: 8 }}>
          <Stack gap="lg">
            {readsGrants && <Grants model={model} />}
            <Deployments model={model} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 4 }}>
          <Stack gap="lg">
            <WhereLive model={model} />
            <Panel title="Facts">
              <Facts
                items={[
                  ['Now', <Group key="live" component="span"><LiveOn model={model} /></Group>],
                  ['Provider', providerLabel(model.provider)],
                  ['Placed', model.everywhere ? 'on every proxy' : 'where a realm with a grant is served'],
                  ['Max tokens', model.maxTokens?.toLocaleString('en')],
                  ['Registered', <Time key="created" at={model.createdAt} />],
                  ['Changed', <Time key="updated" at={model.updatedAt} />],
                  ['Id', <Copy key="id" text={model.id} />],
                ]}
              />
            </Panel>
          </Stack>
        </Grid.Col>
      </Grid>
    </>
  );
}
