// Enrolment tokens: what lets agents in without waiting; and how enrolment works, for who does it the first time.

import { Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus, IconTicket } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { CreatedToken, TokenView } from '../../api/schema';
import { Confirm } from '../../components/Confirm';
import { Actor } from '../../components/Actor';
import { DataTable, type Column } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Page } from '../../components/Page';
import { Panel } from '../../components/Panel';
import { Status } from '../../components/Status';
import { Time } from '../../components/Time';
import { useDone } from '../../components/useDone';
import { HowEnrolment } from './HowEnrolment';
import { NewToken } from './NewToken';
import { NewTokenShown } from './NewTokenShown';
import { realmNamesQuery } from './queries';

export function Enrollment() {
  const can = useCan();
  const [making, { open, close }] = useDisclosure();
  // Here and nowhere else, until the dialog is closed.
  const [made, setMade] = useState<CreatedToken>();
  const { data: names, isLoading } = useQuery({ ...realmNamesQuery, enabled: can('realms:read', 'any') });
  const mayMake = can('enrollment:write', 'any');
  const make = mayMake && <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={open}>New token</Button>;
  const nameOf = (id: string) => (names ? (names.get(id)?.name ?? 'a realm that is gone') : isLoading ? '…' : 'a realm');
  const realms = (token: TokenView) => token.realmIds.map(nameOf).join(', ') || 'the default realm';

  const columns: Column<TokenView>[] = [
    { label: 'Token', text: (t) => t.fingerprint, cell: (t) => <Text span inherit ff="monospace">{t.fingerprint}</Text> },
    { label: 'State', sort: 'state', text: (t) => stateOf(t).label, cell: (t) => <Status {...stateOf(t)} /> },
    { label: 'Used', sort: 'uses', right: true, text: (t) => t.uses, cell: (t) => `${t.uses} of ${t.maxUses}` },
    { label: 'Joins', from: 'sm', text: realms, cell: realms },
    { label: 'Ends', from: 'sm', sort: 'ends', text: (t) => t.revokedAt ?? t.expiresAt, cell: (t) => <Time at={t.revokedAt ?? t.expiresAt} /> },
    { label: 'Made', from: 'md', sort: 'made', text: (t) => t.createdAt, cell: (t) => <Time at={t.createdAt} /> },
    { label: 'By', from: 'md', text: (t) => t.createdBy, cell: (t) => <Actor actor={t.createdBy} /> },
    { label: 'Action', right: true, cell: (t) => mayMake && stateOf(t).state === 'active' && <Revoke token={t} realms={realms(t)} /> },
  ];

  return (
    <Page title="Enrolment" lead="How agents come in. A token lets them in at once; without one they wait for approval." actions={make}>
      <HowEnrolment />
      <Panel flush>
        <DataTable
          name="Enrolment tokens"
          whole
          search="Token, realm or by whom"
          queryKey={['enrollment']}
          load={(wanted) => ask(api.GET('/api/enrollment-tokens', { params: { query: wanted } }))}
          rowKey={(t) => t.id}
          columns={columns}
          empty={
            <Empty icon={IconTicket} title="No tokens yet" action={make}>
              A token is for one agent or for several, has an end, and says which realms they join.
            </Empty>
          }
        />
      </Panel>
      <NewToken opened={making} onClose={close} onMade={setMade} />
      <NewTokenShown made={made} realms={made ? realms(made) : ''} onClose={() => setMade(undefined)} />
    </Page>
  );
}

function stateOf(token: TokenView): { state: string; label: string } {
  if (token.revokedAt) return { state: 'revoked', label: 'Revoked' };
  if (token.uses >= token.maxUses) return { state: 'ended', label: 'Used up' };
  if (new Date(token.expiresAt) <= new Date()) return { state: 'expired', label: 'Expired' };
  return { state: 'active', label: 'Active' };
}

function Revoke({ token, realms }: { token: TokenView; realms: string }) {
  const [opened, { open, close }] = useDisclosure();
  const done = useDone();
  const left = token.maxUses - token.uses;
  const run = async () => {
    await ask(api.DELETE('/api/enrollment-tokens/{id}', { params: { path: { id: token.id } } }));
    done('The token is revoked', undefined, 'enrollment');
  };
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={open} aria-label={`Revoke ${token.fingerprint}`}>Revoke</Button>
      <Confirm opened={opened} onClose={close} title={`Revoke ${token.fingerprint}?`} action="Revoke" run={run}>
        {left === 1 ? '1 agent' : `${left} agents`} could still enrol with it into {realms}; none can any more.{' '}
        {token.uses === 0 ? 'Nobody has used it.' : token.uses === 1 ? 'The agent that enrolled with it stays.' : `The ${token.uses} agents that enrolled with it stay.`}
      </Confirm>
    </>
  );
}
