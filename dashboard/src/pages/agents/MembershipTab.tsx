// The realms of an agent: join, leave, and which one comes first.

import { Anchor, Badge, Button, Group, Stack, Switch, Table, Text, VisuallyHidden } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus, IconUsersGroup } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { AgentRealm, AgentView, RealmOffer } from '../../api/schema';
import { Confirm } from '../../components/Confirm';
import table from '../../components/DataTable.module.css';
import { Empty } from '../../components/Empty';
import { FormDialog } from '../../components/FormDialog';
import { Panel } from '../../components/Panel';
import { Time } from '../../components/Time';
import { useDone } from '../../components/useDone';
import { Loss } from './Loss';
import { useMay } from './may';
import { RealmPick } from './picks';
import { configQuery, offerQuery } from './queries';

const TOPICS = ['agents', 'realms', 'overview', 'explain'];

export function MembershipTab({ agent }: { agent: AgentView }) {
  const may = useMay();
  const can = useCan();
  const [joining, { open, close }] = useDisclosure();
  const offer = useQuery(offerQuery(agent.did)).data;
  const mayJoin = agent.realms.length > 0 ? may('agents:write', agent) : can('agents:write', 'any');
  const join = mayJoin && <Button size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={open}>Join a realm</Button>;
  return (
    <>
      <Panel flush title="Realms" lead="Its model is chosen from its primary realm first." actions={agent.realms.length > 0 && join}>
        {agent.realms.length === 0 ? (
          <Empty icon={IconUsersGroup} title="It is in no realm" action={join}>A realm gives its agents models and a key. Without one it gets nothing.</Empty>
        ) : (
          <Table.ScrollContainer minWidth={0}>
            <Table className={table.table} aria-label="Realms">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Realm</Table.Th>
                  <Table.Th visibleFrom="xs">Models</Table.Th>
                  <Table.Th visibleFrom="sm">Joined</Table.Th>
                  <Table.Th><VisuallyHidden>Actions</VisuallyHidden></Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {agent.realms.map((realm) => (
                  <Row key={realm.id} agent={agent} realm={realm} offer={offer?.realms.find((r) => r.realmId === realm.id)} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Panel>
      <JoinDialog agent={agent} opened={joining} onClose={close} />
    </>
  );
}

function Row({ agent, realm, offer }: { agent: AgentView; realm: AgentRealm; offer?: RealmOffer }) {
  const can = useCan();
  const done = useDone();
  const [leaving, leave] = useDisclosure();
  const [changing, change] = useDisclosure();
  const params = { path: { id: realm.id, did: agent.did } };
  const member = useQuery({
    queryKey: ['realms', realm.id, 'agents', agent.did],
    queryFn: () => ask(api.GET('/api/realms/{id}/agents/{did}', { params })),
  }).data;
  const makePrimary = async () => {
    const answer = await ask(api.POST('/api/realms/{id}/agents', { params: { path: { id: realm.id } }, body: { did: agent.did, primary: true } }));
    done(`${realm.name} is the primary realm`, answer, ...TOPICS);
  };
  const run = async () => done(`${agent.name} has left ${realm.name}`, await ask(api.DELETE('/api/realms/{id}/agents/{did}', { params })), ...TOPICS);
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap="xs">
          <Anchor component={Link} to={`/realms/${realm.slug}`} size="sm" fw={550} c="inherit">{realm.name}</Anchor>
          {realm.isPrimary && <Badge variant="default" size="sm" tt="none">Primary</Badge>}
        </Group>
      </Table.Td>
      <Table.Td visibleFrom="xs">{offer ? offer.models.length : '–'}</Table.Td>
      <Table.Td visibleFrom="sm"><Time at={member?.joinedAt} /></Table.Td>
      <Table.Td ta="right">
        {can('agents:write', realm.id) && (
          <Group gap={8} justify="flex-end" wrap="nowrap">
            {!realm.isPrimary && <Button size="compact-xs" variant="default" onClick={change.open} aria-label={`Make primary: ${realm.name}`}>Make primary</Button>}
            <Button size="compact-xs" variant="default" onClick={leave.open} aria-label={`Leave ${realm.name}`}>Leave</Button>
          </Group>
        )}
        <Confirm opened={changing} onClose={change.close} title={`Make ${realm.name} the primary realm?`} action="Make primary" run={makePrimary} harmless>
          Where its model is chosen by rule, this realm comes first from now on. A model that it has and may still use stays.
        </Confirm>
        <Confirm opened={leaving} onClose={leave.close} title={`Leave ${realm.name}?`} action="Leave" run={run}>
          <Stack gap="sm">
            <Consequence agent={agent} realm={realm} />
            {leaving && <Loss agent={agent} realms={[realm]} />}
          </Stack>
        </Confirm>
      </Table.Td>
    </Table.Tr>
  );
}

/** What it loses, and whether its choice rests on the realm. */
function Consequence({ agent, realm }: { agent: AgentView; realm: AgentRealm }) {
  const offer = useQuery(offerQuery(agent.did)).data?.realms.find((r) => r.realmId === realm.id);
  const config = useQuery(configQuery(agent.did)).data;
  const names = offer?.models.map((m) => m.name) ?? [];
  return (
    <>
      <Text size="sm">
        <b>{agent.name}</b> loses at once {names.length > 0 ? `what it has through this realm: ${names.join(', ')}.` : 'what this realm would grant; that is nothing now.'}
      </Text>
      {config?.realmId === realm.id && <Text size="sm">A model of this realm was chosen for it. The choice is forgotten; its other realms decide by rule.</Text>}
    </>
  );
}

function JoinDialog({ agent, opened, onClose }: { agent: AgentView; opened: boolean; onClose: () => void }) {
  const done = useDone();
  const form = useForm({
    initialValues: { realm: '', primary: false },
    validate: {
      realm: (slug) => {
        if (!slug) return 'Choose a realm.';
        return agent.realms.some((r) => r.slug === slug) ? 'It is in this realm already.' : null;
      },
    },
  });
  const save = async ({ realm, primary }: { realm: string; primary: boolean }) => {
    const answer = await ask(api.POST('/api/realms/{id}/agents', { params: { path: { id: realm } }, body: { did: agent.did, primary } }));
    done(`${agent.name} has joined`, answer, ...TOPICS);
  };
  const { value, onChange, ...realm } = form.getInputProps('realm');
  return (
    <FormDialog opened={opened} onClose={onClose} title="Join a realm" form={form} save={save} action="Join">
      <RealmPick label="Realm" required placeholder="Choose" value={value || null} onChange={(slug) => onChange(slug ?? '')} {...realm} />
      {agent.realms.length > 0 && (
        <Switch
          label="Make it the primary realm"
          description="Its model is chosen from its primary realm first."
          {...form.getInputProps('primary', { type: 'checkbox' })}
        />
      )}
      <Text size="sm" c="dimmed">A connected agent hears of it at once. A model that it has and may still use stays.</Text>
    </FormDialog>
  );
}
