// All models: what each is called, where it is live, and the way to register one.

import { Box, Button, Group, Select, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconBox, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api, ask, untyped } from '../../api/client';
import { useCan } from '../../api/me';
import type { SyncedModelView } from '../../api/schema';
import { actorText } from '../../components/Actor';
import { DataTable, type Column } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Page } from '../../components/Page';
import { Panel } from '../../components/Panel';
import { Status } from '../../components/Status';
import { Time } from '../../components/Time';
import { useUrl } from '../../components/url';
import { LiveOn, liveText } from './LiveOn';
import { providerLabel } from './naming';
import { providersQuery } from './queries';
import { RegisterModel } from './RegisterModel';

const COLUMNS: Column<SyncedModelView>[] = [
  {
    label: 'Model',
    sort: 'name',
    text: (m) => m.litellmModelName,
    cell: (m) => (
      <Box component="span" display="block">
        {m.name}
        <Text span display="block" fz={12} c="dimmed" ff="monospace" fw={400} style={{ overflowWrap: 'anywhere' }}>{m.litellmModelName}</Text>
      </Box>
    ),
  },
  {
    label: 'Provider',
    from: 'sm',
    text: (m) => m.provider,
    cell: (m) => providerLabel(m.provider),
  },
  {
    label: 'Live',
    text: liveText,
    cell: (m) => (
      <Group gap={6}>
        <LiveOn model={m} />
        {m.status === 'inactive' && m.sync.proxies.length > 0 && <Status state="inactive" />}
        {m.frozen && <Status state="frozen" why={`${m.frozen.reason} (${actorText(m.frozen.by)})`} />}
      </Group>
    ),
  },
  { label: 'Realms', from: 'sm', right: true, text: (m) => m.grants, cell: (m) => m.grants },
  { label: 'Deployments', from: 'md', right: true, text: (m) => m.deployments.length, cell: (m) => m.deployments.length },
  { label: 'Registered', from: 'md', sort: 'created', text: (m) => m.createdAt, cell: (m) => <Time at={m.createdAt} /> },
];

export function Models() {
  const can = useCan();
  const [url, setUrl] = useUrl();
  const [registering, register] = useDisclosure();
  const providers = useQuery(providersQuery);
  const button = can('models:write') && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={register.open}>Register model</Button>
  );
  const { status, provider, applied } = url;
  return (
    <Page title="Models" lead="What the fleet offers. A model is registered once and granted to realms." actions={button}>
      <Panel flush>
        <DataTable
          name="Models"
          queryKey={['models', { status, provider, applied }]}
          load={(wanted) => ask(api.GET('/api/models', { params: { query: untyped({ ...wanted, status, provider, applied }) } }))}
          columns={COLUMNS}
          rowKey={(m) => m.id}
          to={(m) => `/models/${m.id}`}
          search="Search models"
          filters={
            <>
              <Select
                size="xs" w={130} aria-label="Status" placeholder="Any status" clearable value={status ?? null}
                data={[{ value: 'active', label: 'Active' }, { value: 'inactive', label: 'Inactive' }]}
                onChange={(value) => setUrl({ status: value ?? undefined, cursor: undefined })}
              />
              <Select
                size="xs" w={180} aria-label="Provider" placeholder="Any provider" clearable searchable value={provider ?? null}
                data={(providers.data ?? []).map((p) => ({ value: p.name, label: providerLabel(p.name) }))}
                onChange={(value) => setUrl({ provider: value ?? undefined, cursor: undefined })}
              />
              <Select
                size="xs" w={170} aria-label="On the proxies" placeholder="Live or not" clearable value={applied ?? null}
                data={[{ value: 'true', label: 'Live as it should be' }, { value: 'false', label: 'Not live everywhere' }]}
                onChange={(value) => setUrl({ applied: value ?? undefined, cursor: undefined })}
              />
            </>
          }
          empty={
            <Empty icon={IconBox} title="No models yet" action={button}>
              Register a model with its provider’s key. Then grant it to a realm: its agents get it at once.
            </Empty>
          }
        />
      </Panel>
      <RegisterModel opened={registering} onClose={register.close} />
    </Page>
  );
}

