// API tokens: what calls the API without a person, what each may do, and when it was last seen.

import { Box, Button, Select, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconKey, IconPlus, IconRefresh, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { ApiTokenView, ShownApiToken } from '../../api/schema';
import { ActionMenu } from '../../components/ActionMenu';
import { DataTable, type Column } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Panel } from '../../components/Panel';
import { Status } from '../../components/Status';
import { exactTime, Time } from '../../components/Time';
import { useUrl } from '../../components/url';
import { madeColumns, Named } from './cells';
import { NewToken } from './NewToken';
import { useMayGive, useRealms } from './queries';
import { Holds, holdsText } from './Rights';
import { permissionsOf } from './roles';
import { RevokeToken, RotateToken } from './TokenDialogs';
import { TokenShown } from './TokenShown';

const STATES = { active: 'Active', expired: 'Expired', revoked: 'Revoked' };

export function Tokens() {
  const can = useCan();
  const mayGive = useMayGive();
  const [url, setUrl] = useUrl();
  const [making, make] = useDisclosure();
  // Here and nowhere else, until the dialog is closed.
  const [shown, setShown] = useState<ShownApiToken>();
  const [rotated, setRotated] = useState<ApiTokenView>();
  const [revoked, setRevoked] = useState<ApiTokenView>();
  const { nameOf } = useRealms();
  const button = can('tokens:write', 'any') && <Button size="xs" leftSection={<IconPlus size={15} aria-hidden />} onClick={make.open}>New token</Button>;
  const mayEnd = (t: ApiTokenView) => (t.realmIds ? t.realmIds.every((realm) => can('tokens:write', realm)) : can('tokens:write'));
  const mayRotate = (t: ApiTokenView) => mayGive.permissions(t.role ? permissionsOf(t.role) : t.permissions, t.realmIds ?? null);
  const columns: Column<ApiTokenView>[] = [
    {
      label: 'Token',
      sort: 'name',
      text: (t) => t.name,
      cell: (t) => <Named name={t.name} detail={<Text span inherit ff="monospace">{t.fingerprint}</Text>} small={holdsText(t, nameOf)} />,
    },
    { label: 'State', sort: 'state', text: (t) => t.state, cell: (t) => <TokenStatus token={t} /> },
    { label: 'May', from: 'sm', text: (t) => holdsText(t, nameOf), cell: (t) => <Holds holder={t} nameOf={nameOf} /> },
    {
      label: 'Last used',
      from: 'sm',
      sort: 'used',
      text: (t) => t.lastUsedAt,
      cell: (t) => (
        <Box component="span" display="block">
          <Time at={t.lastUsedAt} none="never" />
          {t.lastUsedAddress && <Text span display="block" fz={12} c="dimmed" ff="monospace">{t.lastUsedAddress}</Text>}
        </Box>
      ),
    },
    { label: 'Address', fileOnly: true, text: (t) => t.lastUsedAddress, cell: (t) => t.lastUsedAddress },
    { label: 'Ends', from: 'md', sort: 'ends', text: (t) => t.revokedAt ?? t.expiresAt, cell: (t) => <Time at={t.revokedAt ?? t.expiresAt} /> },
    ...madeColumns<ApiTokenView>(),
    {
      label: 'Actions',
      right: true,
      cell: (t) => t.state === 'active' && mayEnd(t) && (
        <ActionMenu
          of={t.name}
          actions={[
            mayRotate(t) && { label: 'Rotate', icon: IconRefresh, run: () => setRotated(t) },
            { label: 'Revoke', icon: IconTrash, bad: true, run: () => setRevoked(t) },
          ]}
        />
      ),
    },
  ];
  const { state } = url;
  return (
    <Panel flush title="API tokens" lead="For services that call the API. A CI job can do without one: see CI rules." actions={button}>
      <DataTable
        name="API tokens" whole search="Name, right or realm" queryKey={['access', 'tokens', { state }]} columns={columns} rowKey={(t) => t.id}
        load={async ({ limit, cursor }) => {
          const page = await ask(api.GET('/api/tokens', { params: { query: { limit, cursor } } }));
          return state ? { ...page, items: page.items.filter((t) => t.state === state) } : page;
        }}
        filters={
          <Select
            size="xs" w={130} aria-label="State" placeholder="Any state" clearable value={state ?? null}
            data={Object.entries(STATES).map(([value, label]) => ({ value, label }))}
            onChange={(value) => setUrl({ state: value ?? undefined, cursor: undefined })}
          />
        }
        empty={
          <Empty icon={IconKey} title="No tokens yet" action={button}>
            A token is for a service that calls the API. It has a few permissions, in some realms, and an end.
          </Empty>
        }
      />
      <NewToken opened={making} onClose={make.close} onMade={setShown} />
      {rotated && <RotateToken token={rotated} onClose={() => setRotated(undefined)} onMade={setShown} />}
      {revoked && <RevokeToken token={revoked} onClose={() => setRevoked(undefined)} />}
      <TokenShown shown={shown} onClose={() => setShown(undefined)} />
    </Panel>
  );
}

function TokenStatus({ token }: { token: ApiTokenView }) {
  const overlap = token.state === 'active' && token.previousUntil && new Date(token.previousUntil) > new Date() ? token.previousUntil : undefined;
  return (
    <Stack gap={0}>
      <Status state={token.state} label={STATES[token.state]} />
      {overlap && <Text span fz={12} c="dimmed" title={exactTime(overlap)}>old text ends <Time at={overlap} /></Text>}
    </Stack>
  );
}
