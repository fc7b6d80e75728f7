// Removing a realm: its grants and keys go for good, its agents stay.

import { List, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { api, ask, ifMatch } from '../../api/client';
import { useCan } from '../../api/me';
import type { SyncedRealmView } from '../../api/schema';
import { Confirm } from '../../components/Confirm';
import { useDone } from '../../components/useDone';
import { grantsQuery } from './queries';
import { Whom } from './Whom';

interface Props {
  realm: SyncedRealmView;
  opened: boolean;
  onClose: () => void;
}

export function DeleteRealm({ realm, opened, onClose }: Props) {
  const done = useDone();
  const navigate = useNavigate();
  const run = async () => {
    const answer = await ask(api.DELETE('/api/realms/{id}', { params: { path: { id: realm.id } }, headers: ifMatch(realm.version) }));
    await navigate({ to: '/realms' });
    done(`Removed realm ${realm.name}`, answer, 'realms', 'models', 'agents', 'changes', 'overview');
  };
  return (
    <Confirm opened={opened} onClose={onClose} title={`Remove ${realm.name}`} action="Remove it" name={realm.slug} run={run}>
      {opened && <Consequences realm={realm} />}
    </Confirm>
  );
}

function Consequences({ realm }: { realm: SyncedRealmView }) {
  const can = useCan();
  const grants = useQuery({ ...grantsQuery(realm.id), enabled: can('grants:read', realm.id) }).data;
  const models = grants?.filter((g) => g.state === 'active').map((g) => g.litellmModelName) ?? [];
  return (
    <Stack gap="sm">
      <span>This cannot be undone.</span>
      <List size="sm" spacing={6}>
        <List.Item><Whom realm={realm} /> {realm.members > 0 && 'They stay enrolled, and lose at once what they had through this realm.'}</List.Item>
        <List.Item>
          {realm.grants === 0 ? 'No grant ends.' : `${realm.grants === 1 ? '1 grant ends' : `${realm.grants} grants end`}${models.length ? `: ${models.slice(0, 6).join(', ')}${models.length > 6 ? ' and more' : ''}` : ''}.`}
        </List.Item>
        <List.Item>Its team and its keys leave every proxy, once each was proven to refuse them. What the team spent goes with it.</List.Item>
        {realm.isDefault && <List.Item>It is the default realm: agents that enrol without a realm will then be in none.</List.Item>}
      </List>
    </Stack>
  );
}
