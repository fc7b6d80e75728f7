// /account: who the caller is, what they may do, their password and where they are signed in.

import { Button, Stack, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconInfoCircle, IconLock } from '@tabler/icons-react';
import { useMe } from '../../api/me';
import type { MyRealm } from '../../api/schema';
import { actorText } from '../../components/Actor';
import { Notice } from '../../components/Notice';
import { Page } from '../../components/Page';
import { Facts, Panel } from '../../components/Panel';
import { ChangePassword } from './ChangePassword';
import { useRealms } from './queries';
import { Roles } from './Rights';
import { AREAS, levelIn, LEVELS } from './roles';
import { Sessions } from './Sessions';

export function Account() {
  const me = useMe();
  const { nameOf } = useRealms();
  const [changing, change] = useDisclosure();
  const { person } = me;
  return (
    <Page
      title="Your account"
      lead={person ? 'Who you are here, what you may do, and where you are signed in.' : undefined}
      actions={person?.passwordSet && <Button variant="default" leftSection={<IconLock size={16} aria-hidden />} onClick={change.open}>Change password</Button>}
    >
      {!person && (
        <Notice tone="warn" icon={IconInfoCircle} title={`${actorText(me.actor)} is not a person`}>
          It has no password and no sessions. What is done here is in the audit as <b>{me.actor}</b>. To have an account, be invited under Access.
        </Notice>
      )}
      <Panel>
        <Facts
          items={[
            ['Name', person?.name],
            ['Email', person?.email],
            ['Roles', person && <Roles key="roles" roles={person.roles} nameOf={nameOf} />],
            ['Password', person && (person.passwordSet ? 'set' : 'none: you sign in at an identity provider. Somebody who rules people here can make you a link for one.')],
            ['In the audit', me.actor],
          ]}
        />
      </Panel>
      {person && <Sessions />}
      <Panel flush title="What you may do" lead={`${person ? 'By your roles, as' : 'As'} the API sees it now. Who may change may read.`}>
        <Permissions everywhere={me.permissions} realms={me.realms} nameOf={nameOf} />
      </Panel>
      {person?.passwordSet && <ChangePassword email={person.email} opened={changing} onClose={change.close} />}
    </Page>
  );
}

interface PermissionsProps {
  everywhere: string[];
  realms: MyRealm[];
  nameOf: (id: string) => string;
}

function Permissions({ everywhere, realms, nameOf }: PermissionsProps) {
  const rows = AREAS.map((area) => {
    const all = levelIn(everywhere, area.area);
    const some = realms.flatMap((r) => {
      const level = levelIn(r.permissions, area.area);
      // What is held everywhere says all.
      return level && all !== 'write' && level !== all ? [`${LEVELS[level]} in ${nameOf(r.realmId)}`] : [];
    });
    return { ...area, words: [...(all ? [realms.length > 0 ? `${LEVELS[all]} everywhere` : LEVELS[all]] : []), ...some] };
  }).filter((row) => row.words.length > 0);
  if (rows.length === 0) return <Text size="sm" p="md">Nothing yet. Ask who invited you for a role.</Text>;
  return (
    <Table verticalSpacing={7} aria-label="What you may do">
      <Table.Thead><Table.Tr><Table.Th fz={12} c="dimmed">Area</Table.Th><Table.Th fz={12} c="dimmed">You may</Table.Th></Table.Tr></Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={row.area}>
            <Table.Th scope="row" fw={400}>{row.label}<Text span display="block" fz={12} c="dimmed">{row.about}</Text></Table.Th>
            <Table.Td><Stack gap={2}>{row.words.map((words) => <Text key={words} span inherit>{words}</Text>)}</Stack></Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
