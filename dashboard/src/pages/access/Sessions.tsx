// Where the caller is signed in, and ending that.

import { Badge, Button, Group, Text, Tooltip } from '@mantine/core';
import { IconDeviceLaptop } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask } from '../../api/client';
import type { SessionView } from '../../api/schema';
import { Confirm } from '../../components/Confirm';
import { DataTable, type Column } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Panel } from '../../components/Panel';
import { Time } from '../../components/Time';
import { useDone } from '../../components/useDone';
import { count } from '../models/naming';
import { browserText } from './browser';

const KEY = ['access', 'my-sessions'];
/** This one first, then the newest. */
const readSessions = async () => {
  const page = await ask(api.GET('/api/me/sessions'));
  return { ...page, items: [...page.items].sort((a, b) => Number(b.current) - Number(a.current)) };
};

export function Sessions() {
  const done = useDone();
  const [ended, setEnded] = useState<SessionView>();
  const [all, setAll] = useState(false);
  const others = (useQuery({ queryKey: [...KEY, 'all'], queryFn: readSessions }).data?.items ?? []).filter((s) => !s.current);
  const end = (session: SessionView) => ask(api.DELETE('/api/me/sessions/{id}', { params: { path: { id: session.id } } }));
  const columns: Column<SessionView>[] = [
    {
      label: 'Where', sort: 'where',
      text: (s) => browserText(s.userAgent),
      cell: (s) => (
        <Group gap={8}>
          <Tooltip label={s.userAgent} multiline maw={420}><Text span inherit tabIndex={0}>{browserText(s.userAgent)}</Text></Tooltip>
          {s.current && <Badge variant="default" tt="none">this one</Badge>}
        </Group>
      ),
    },
    { label: 'Address', from: 'xs', sort: 'address', text: (s) => s.address, cell: (s) => <Text span inherit ff="monospace" fz={13} style={{ overflowWrap: 'anywhere' }}>{s.address ?? '–'}</Text> },
    { label: 'Last seen', sort: 'seen', newestFirst: true, text: (s) => s.lastSeenAt, cell: (s) => <Time at={s.lastSeenAt} /> },
    { label: 'Signed in', from: 'sm', sort: 'made', newestFirst: true, text: (s) => s.createdAt, cell: (s) => <Time at={s.createdAt} /> },
    { label: 'Ends', from: 'md', sort: 'ends', text: (s) => s.expiresAt, cell: (s) => <Time at={s.expiresAt} /> },
    {
      label: 'Actions',
      right: true,
      cell: (s) => !s.current && <Button size="compact-xs" variant="default" onClick={() => setEnded(s)} aria-label={`End the session of ${browserText(s.userAgent)}`}>End</Button>,
    },
  ];
  return (
    <Panel
      flush title="Sessions" lead="Where you are signed in. One that you do not know: end it, and change your password."
      actions={others.length > 0 && <Button size="xs" variant="default" onClick={() => setAll(true)}>End all others</Button>}
    >
      <DataTable
        name="Sessions" whole bare queryKey={KEY} load={readSessions} columns={columns} rowKey={(s) => s.id}
        empty={<Empty icon={IconDeviceLaptop} title="No sessions" />}
      />
      {ended && (
        <Confirm
          opened onClose={() => setEnded(undefined)} title="End this session?" action="End it"
          run={async () => {
            await end(ended);
            done('The session has ended', undefined, 'access');
          }}
        >
          {browserText(ended.userAgent)}{ended.address && ` at ${ended.address}`} is signed out now. Last seen <Time at={ended.lastSeenAt} />.
        </Confirm>
      )}
      <Confirm
        opened={all} onClose={() => setAll(false)} title="End all other sessions?" action="End them"
        run={async () => {
          const { ended } = await ask(api.DELETE('/api/me/sessions'));
          done(`Ended ${count(ended, 'session')}`, undefined, 'access');
        }}
      >
        {count(others.length, 'other session')} of yours {others.length === 1 ? 'is' : 'are'} signed out now. This one stays.
      </Confirm>
    </Panel>
  );
}
