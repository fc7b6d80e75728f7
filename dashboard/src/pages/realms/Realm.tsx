// /realms/$id: one realm. What it may use, who is in it, its key, which proxies serve it, and what happened to it.

import { Badge, Button, Tabs, Text } from '@mantine/core';
import { IconPencil, IconSnowflake, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useCan } from '../../api/me';
import type { SyncedRealmView } from '../../api/schema';
import { ActionMenu } from '../../components/ActionMenu';
import { AtOpening } from '../../components/AtOpening';
import { Loaded, Page } from '../../components/Page';
import { SyncState } from '../../components/SyncState';
import { Facts, Panel } from '../../components/Panel';
import { Time } from '../../components/Time';
import { useUrl } from '../../components/url';
import { FreezeDialog, FrozenAlert } from '../freezes/Freeze';
import { Activity } from './Activity';
import { budgetText } from './budget';
import { DefaultModel } from './DefaultModel';
import { DeleteRealm } from './DeleteRealm';
import { Grants } from './Grants';
import { Keys } from './Keys';
import { Members } from './Members';
import { Placement } from './Placement';
import { realmQuery } from './queries';
import { EditRealm } from './RealmForm';
import { Whom } from './Whom';

const PARENT = { label: 'Realms', to: '/realms' };
type Dialog = 'edit' | 'freeze' | 'delete';

export function Realm() {
  const { id = '' } = useParams({ strict: false });
  const query = useQuery(realmQuery(id));
  if (!query.data) return <Page title={id} parent={PARENT}><Loaded query={query}>{() => null}</Loaded></Page>;
  return <Shown realm={query.data} />;
}

function Shown({ realm }: { realm: SyncedRealmView }) {
  const can = useCan();
  const [dialog, setDialog] = useState<Dialog>();
  const close = () => setDialog(undefined);
  const edit = can('realms:write', realm.id);
  const freeze = can('freezes:write', realm.id);
  return (
    <Page
      title={realm.name}
      heading={<>{realm.name}{realm.isDefault && <Badge ml={10} variant="default" tt="none" style={{ verticalAlign: 'middle' }}>default realm</Badge>}</>}
      lead={realm.description || undefined}
      parent={PARENT}
      actions={
        <>
          {edit && <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setDialog('edit')}>Edit</Button>}
          {freeze && !realm.frozen && (
            <Button variant="default" leftSection={<IconSnowflake size={16} aria-hidden />} onClick={() => setDialog('freeze')}>Freeze</Button>
          )}
          <ActionMenu actions={[edit && { label: 'Remove the realm', icon: IconTrash, bad: true, run: () => setDialog('delete') }]} />
        </>
      }
    >
      {realm.frozen && <FrozenAlert kind="realm" id={realm.id} name={realm.name} frozen={realm.frozen} may={freeze} />}
      <Panel>
        <Facts
          items={[
            ['Slug', <Text key="slug" span inherit ff="monospace" fz="0.92em">{realm.slug}</Text>],
            ['Budget', budgetText(realm.monthlyBudgetUsd)],
            ['Default model', <DefaultModel key="model" realm={realm} />],
            ['Virtual key', realm.keyScope === 'agent' ? 'one per agent' : 'one for all agents'],
            ['On the proxies', <SyncState key="sync" sync={realm.sync} link />],
            ['Made', <Time key="made" at={realm.createdAt} />],
          ]}
        />
      </Panel>
      <Sections realm={realm} />
      <AtOpening opened={dialog === 'edit'} value={realm} version={realm.version}>{(realm) => <EditRealm realm={realm} opened={dialog === 'edit'} onClose={close} />}</AtOpening>
      <FreezeDialog opened={dialog === 'freeze'} onClose={close} kind="realm" id={realm.id} name={realm.name}>
        <Whom realm={realm} /> Their keys are blocked on every proxy now, and each proxy is asked until it was proven to refuse them. Grants, members and
        choices stay as they are.
      </FreezeDialog>
      <DeleteRealm realm={realm} opened={dialog === 'delete'} onClose={close} />
    </Page>
  );
}

function Sections({ realm }: { realm: SyncedRealmView }) {
  const can = useCan();
  const [url, setUrl] = useUrl();
  const sections = [
    { value: 'grants', label: 'Grants', count: realm.grants, needs: 'grants:read', body: <Grants realm={realm} /> },
    { value: 'members', label: 'Members', count: realm.members, needs: 'agents:read', body: <Members realm={realm} /> },
    { value: 'key', label: realm.keyScope === 'agent' ? 'Keys' : 'Key', needs: 'keys:read', body: <Keys realm={realm} /> },
    { value: 'placement', label: 'Placement', needs: 'realms:read', body: <Placement realm={realm} /> },
    { value: 'activity', label: 'Activity', needs: can('audit:read') ? 'audit:read' : 'changes:read', body: <Activity realm={realm} /> },
  ].filter((s) => can(s.needs, realm.id));
  const first = sections[0]?.value ?? null;
  const chosen = sections.find((s) => s.value === url.tab)?.value ?? first;
  return (
    <Tabs value={chosen} onChange={(tab) => setUrl({ tab: tab === first ? undefined : tab ?? undefined }, true)} keepMounted={false}>
      <Tabs.List mb="md" style={{ flexWrap: 'nowrap', overflowX: 'auto', overflowY: 'hidden' }}>
        {sections.map(({ value, label, count }) => (
          <Tabs.Tab key={value} value={value} rightSection={count === undefined ? undefined : <Text span size="xs" c="dimmed">{count.toLocaleString('en')}</Text>}>
            {label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {sections.map(({ value, body }) => <Tabs.Panel key={value} value={value}>{body}</Tabs.Panel>)}
    </Tabs>
  );
}
