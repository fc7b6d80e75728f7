// The seven roles: what each is for, and what it holds in every area.

import { Group, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core';
import { IconEye, IconPencil } from '@tabler/icons-react';
import { Fragment } from 'react';
import { Panel } from '../../components/Panel';
import { GROUPS, LEVELS, permissionsOf, levelIn, ROLES, type Level, type RoleWords } from './roles';

export function RolesTab() {
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <Described title="For the whole installation" roles={ROLES.filter((r) => !r.inRealm)} />
        <Described title="For single realms" roles={ROLES.filter((r) => r.inRealm)} lead="Held in the realms that they are given for." />
      </SimpleGrid>
      <Panel flush title="What each role may do" lead="Who may change may read. Nobody gives out more than they have. Roles cannot be edited; a token or a CI rule can list its permissions one by one.">
        <Table.ScrollContainer minWidth={900} scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'region', 'aria-label': 'What each role may do' } }}>
          <Table verticalSpacing={7} aria-label="What each role may do">
            <Table.Thead>
              <Table.Tr>
                <Table.Th fz={12} c="dimmed">Area</Table.Th>
                {ROLES.map((r) => <Table.Th key={r.role} ta="center" fz={12} c="dimmed">{r.label}</Table.Th>)}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {GROUPS.map(({ group, areas }) => (
                <Fragment key={group}>
                  <Table.Tr>
                    <Table.Th colSpan={ROLES.length + 1} scope="rowgroup" fz={12} c="dimmed" fw={550} pt="sm">{group}</Table.Th>
                  </Table.Tr>
                  {areas.map((a) => (
                    <Table.Tr key={a.area}>
                      <Table.Th scope="row" fw={400}>
                        {a.label}
                        <Text span display="block" fz={12} c="dimmed">{a.about}</Text>
                      </Table.Th>
                      {ROLES.map((r) => <Table.Td key={r.role} ta="center"><Held level={levelIn(permissionsOf(r.role), a.area)} /></Table.Td>)}
                    </Table.Tr>
                  ))}
                </Fragment>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </Panel>
    </Stack>
  );
}

function Described({ title, lead, roles }: { title: string; lead?: string; roles: RoleWords[] }) {
  return (
    <Panel title={title} lead={lead}>
      <Stack gap="sm">
        {roles.map((r) => (
          <div key={r.role}>
            <Title order={3} fz={14} fw={600}>{r.label} <Text span fz={12} fw={400} c="dimmed" ff="monospace">{r.role}</Text></Title>
            <Text size="sm">{r.about}</Text>
          </div>
        ))}
      </Stack>
    </Panel>
  );
}

function Held({ level }: { level: Level }) {
  if (!level) return <Text span inherit c="dimmed" aria-label="nothing" role="img">–</Text>;
  const Icon = level === 'write' ? IconPencil : IconEye;
  return (
    <Group gap={5} wrap="nowrap" component="span" display="inline-flex" fz={12}>
      <Icon size={14} aria-hidden />
      <span style={{ whiteSpace: 'nowrap' }} aria-label={LEVELS[level]} role="img">{level === 'write' ? 'change' : 'read'}</span>
    </Group>
  );
}
