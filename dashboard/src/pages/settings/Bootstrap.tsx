// The bootstrap token: whether it counts, what that means, and who would be owner without it.

import { Anchor, Button, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useCan, useMe } from '../../api/me';
import type { SettingsView } from '../../api/schema';
import { Confirm } from '../../components/Confirm';
import { Notice } from '../../components/Notice';
import { Panel } from '../../components/Panel';
import { Status } from '../../components/Status';
import { allPeopleQuery, allTokensQuery } from '../access/queries';
import { listed } from '../models/naming';
import { useUpdate } from './useUpdate';

/** Who could do without it; `undefined`: not known. */
function useOwners(): string[] | undefined {
  const can = useCan();
  const [seesPeople, seesTokens] = [can('people:read'), can('tokens:read')];
  const people = useQuery({ ...allPeopleQuery, enabled: seesPeople }).data;
  const tokens = useQuery({ ...allTokensQuery, enabled: seesTokens }).data;
  if ((seesPeople && !people) || (seesTokens && !tokens) || !seesPeople) return undefined;
  return [
    ...(people ?? []).filter((p) => !p.disabledAt && p.roles.some((r) => r.role === 'owner')).map((p) => p.email),
    ...(tokens ?? []).filter((t) => t.state === 'active' && t.role === 'owner').map((t) => `token ${t.name}`),
  ];
}

export function Bootstrap({ settings }: { settings: SettingsView }) {
  const can = useCan();
  const me = useMe();
  const update = useUpdate(settings);
  const owners = useOwners();
  const [asking, ask] = useDisclosure();
  const on = settings.bootstrapTokenEnabled;
  const own = me.auth === 'bootstrap-token';
  return (
    <Panel
      title="Bootstrap token"
      lead="The token of the first start: REEVE_ADMIN_TOKEN."
      actions={can('access:write') && <Button variant="default" onClick={ask.open}>{on ? 'Switch it off' : 'Switch it on'}</Button>}
    >
      <Stack gap="sm">
        <Text size="sm" component="div"><Status state={on ? 'warning' : 'off'} label={on ? 'On: it is accepted' : 'Off: it is refused'} /></Text>
        <Text size="sm">Whoever sends it may do everything, and the audit knows them as admin, not as somebody.</Text>
        {owners && owners.length > 0 && <Text size="sm">Owner without it: {owners.length > 4 ? `${owners.slice(0, 4).join(', ')} and ${owners.length - 4} more` : listed(owners)}.</Text>}
        {on && owners?.length === 0 && (
          <Notice tone="warn" icon={IconAlertTriangle}>
            Nobody else is owner, so it cannot be switched off: nobody could make another owner then. <Anchor component={Link} to="/access?tab=people" inherit>Invite an owner</Anchor> first.
          </Notice>
        )}
        {on && owners && owners.length > 0 && <Text size="sm" c="dimmed">Switch it off when no script sends it any more. It can be switched on here again, and when nobody can sign in, reeve setup-link makes a link.</Text>}
      </Stack>
      <Confirm
        opened={asking} onClose={ask.close} harmless={!on}
        title={on ? 'Switch the bootstrap token off?' : 'Switch the bootstrap token on?'} action={on ? 'Switch it off' : 'Switch it on'}
        run={() => update({ bootstrapTokenEnabled: !on }, on ? 'The bootstrap token is off' : 'The bootstrap token is on')}
      >
        <Stack gap="xs">
          <Text size="sm">
            {on
              ? 'Whatever sends it is refused from the next request on: scripts, CI jobs, the command line with REEVE_TOKEN. Give them API tokens or CI rules of their own first; the audit, with the actor admin, tells what still uses it.'
              : 'Whoever has it may do everything again, as owner.'}
          </Text>
          {on && own && <Text size="sm" fw={600}>You are here with it yourself: you are out at once.</Text>}
          {on && <Anchor component={Link} to="/audit?actor=admin" size="sm">What it did last</Anchor>}
        </Stack>
      </Confirm>
    </Panel>
  );
}
