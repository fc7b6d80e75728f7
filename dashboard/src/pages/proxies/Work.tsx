// What is still to be done on a proxy, what was given up and why, and trying that again.

import { Anchor, Button, Text } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { ProxyView, WorkView } from '../../api/schema';
import { DataTable, type Column } from '../../components/DataTable';
import { Panel } from '../../components/Panel';
import { Status } from '../../components/Status';
import { Time } from '../../components/Time';
import { count } from '../models/naming';
import { useCheck } from './useCheck';
import { KINDS } from './words';

const SHOWN = 200;

export function Work({ proxy }: { proxy: ProxyView }) {
  const can = useCan();
  const check = useCheck(proxy);
  const { waiting, parked, oldest } = proxy.queue;
  const some = waiting + parked > 0;
  const name = (w: WorkView) => w.name ?? `…${w.id.slice(-12)}`;
  const columns: Column<WorkView>[] = [
    {
      label: 'Object', sort: 'object', text: name,
      cell: (w) => (
        <>
          <Text span inherit fw={550} style={{ overflowWrap: 'anywhere' }}>{name(w)}</Text>
          <Text span display="block" fz={12} c="dimmed">{KINDS[w.kind]}</Text>
        </>
      ),
    },
    {
      label: 'State', sort: 'state', text: (w) => (w.parkedCode ? `parked: ${w.parkedCode}` : 'waiting'),
      cell: (w) => (
        <>
          {w.parkedCode ? <Status state="parked" label={`parked: ${w.parkedCode.replaceAll(/[-_]/g, ' ')}`} /> : <Status state="pending" label="waiting" />}
          {w.error && <Text span display="block" fz={12} c="dimmed" style={{ overflowWrap: 'anywhere' }}>{w.error}</Text>}
        </>
      ),
    },
    { label: 'Change', from: 'sm', sort: 'revision', text: (w) => w.revision, cell: (w) => <Anchor component={Link} to={`/changes/${w.revision}`} inherit>{w.revision}</Anchor> },
    { label: 'Tries', from: 'sm', right: true, sort: 'tries', text: (w) => w.attempts, cell: (w) => w.attempts },
    { label: 'Next try', from: 'md', sort: 'next', text: (w) => w.nextAttemptAt, cell: (w) => (w.parkedCode ? 'when asked' : proxy.status === 'ready' ? <Time at={w.nextAttemptAt} /> : 'when it answers') },
    { label: 'Asked for', from: 'md', sort: 'since', text: (w) => w.enqueuedAt, cell: (w) => <Time at={w.enqueuedAt} /> },
  ];
  return (
    <Panel
      flush title="Work queue"
      lead={some ? <>{count(waiting, 'object')} waiting, {parked} parked.{oldest && <> The oldest was asked for <Time at={oldest} />.</>} {waiting + parked > SHOWN && `The first ${SHOWN} are shown.`}</> : 'What is still to be done on it.'}
      actions={parked > 0 && can('proxies:write') && <Button size="xs" variant="default" loading={check.busy} leftSection={<IconRefresh size={15} aria-hidden />} onClick={check.run}>Try the parked again</Button>}
    >
      <DataTable
        name={`Work queue of ${proxy.name}`} prefix="work" whole bare queryKey={['proxies', proxy.id, 'work']} columns={columns} rowKey={(w) => `${w.kind} ${w.id}`}
        load={() => ask(api.GET('/api/work', { params: { query: { proxyId: proxy.id, limit: SHOWN } } }))}
        empty={<Text size="sm" px="md" pb="md">Nothing is waiting. Everything that was asked of it is done.</Text>}
      />
    </Panel>
  );
}
