// /realms: every realm with what it has and whether it runs, and making a new one.

import { Badge, Button, Group, Select, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus, IconUsersGroup } from '@tabler/icons-react';
import { api, ask, untyped } from '../../api/client';
import { useCan } from '../../api/me';
import type { SyncedRealmView } from '../../api/schema';
import { actorText } from '../../components/Actor';
import { DataTable, type Column, type Wanted } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Page } from '../../components/Page';
import { Panel } from '../../components/Panel';
import { Status } from '../../components/Status';
import { SyncState } from '../../components/SyncState';
import { useUrl } from '../../components/url';
import { budgetText } from './budget';
import { CreateRealm } from './RealmForm';

const COLUMNS: Column<SyncedRealmView>[] = [
  {
    label: 'Realm', sort: 'name', text: (r) => r.name,
    cell: (r) => (
      <Group gap={8} component="span" display="inline-flex">
        {r.name}
        {r.isDefault && <Badge size="sm" variant="default" tt="none">default</Badge>}
      </Group>
    ),
  },
  { label: 'Slug', from: 'sm', cell: (r) => <Text span inherit ff="monospace" fz="0.92em">{r.slug}</Text>, text: (r) => r.slug },
  {
    label: 'State', text: (r) => (r.frozen ? 'frozen' : 'active'),
    cell: (r) => (r.frozen ? <Status state="frozen" why={`${r.frozen.reason} (${actorText(r.frozen.by)})`} /> : <Status state="active" />),
  },
  { label: 'Agents', right: true, sort: 'members', cell: (r) => r.members, text: (r) => r.members },
  { label: 'Grants', right: true, from: 'xs', cell: (r) => r.grants, text: (r) => r.grants },
  { label: 'Budget', from: 'md', cell: (r) => budgetText(r.monthlyBudgetUsd), text: (r) => r.monthlyBudgetUsd },
  { label: 'Key', from: 'lg', cell: (r) => (r.keyScope === 'agent' ? 'one per agent' : 'one for all'), text: (r) => r.keyScope },
  { label: 'On the proxies', from: 'md', cell: (r) => <SyncState sync={r.sync} />, text: (r) => r.sync.state },
];

export function Realms() {
  const can = useCan();
  const [creating, { open, close }] = useDisclosure();
  const [url, setUrl] = useUrl();
  const filters = { granted: url.granted, frozen: url.frozen };
  const load = (wanted: Wanted) => ask(api.GET('/api/realms', { params: { query: untyped({ ...wanted, ...filters }) } }));
  const create = can('realms:write') && <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={open}>New realm</Button>;
  return (
    <Page title="Realms" lead="A realm is a group of agents with the models granted to it, its own virtual key and a budget." actions={create}>
      <Panel flush>
        <DataTable<SyncedRealmView>
          name="Realms" queryKey={['realms', filters]} load={load} columns={COLUMNS} rowKey={(r) => r.id} to={(r) => `/realms/${r.slug}`} search="Find a realm"
          filters={
            <>
              <Select
                size="xs" w={150} aria-label="Grants" placeholder="Any grants" clearable value={url.granted ?? null}
                data={[{ value: 'true', label: 'With a grant' }, { value: 'false', label: 'Without a grant' }]}
                onChange={(granted) => setUrl({ granted: granted ?? undefined, cursor: undefined })}
              />
              <Select
                size="xs" w={130} aria-label="State" placeholder="Any state" clearable value={url.frozen ?? null}
                data={[{ value: 'false', label: 'Active' }, { value: 'true', label: 'Frozen' }]}
                onChange={(frozen) => setUrl({ frozen: frozen ?? undefined, cursor: undefined })}
              />
            </>
          }
          empty={
            <Empty icon={IconUsersGroup} title="No realms yet" action={create}>
              Make one for each team or purpose, grant it models, then let its agents enrol into it.
            </Empty>
          }
        />
      </Panel>
      <CreateRealm opened={creating} onClose={close} />
    </Page>
  );
}
