// The fleet: which proxies there are, and which of them needs somebody.

import { Box, Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus, IconServer } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { ProxyView } from '../../api/schema';
import { DataTable, type Column } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Page } from '../../components/Page';
import { Panel } from '../../components/Panel';
import { Status } from '../../components/Status';
import { listed } from '../models/naming';
import { observeQuery } from './observe';
import { ObserveBanner } from './ObserveBanner';
import { ProxyForm } from './ProxyForm';
import { ProxyState, stateText } from './ProxyState';
import { capabilitiesOf, CHECKS, DRIFT, ENFORCEMENT, enforcementOf } from './words';

export function Proxies() {
  const can = useCan();
  const [adding, add] = useDisclosure();
  const { data: observe } = useQuery(observeQuery);
  const found = (p: ProxyView) => observe?.differences.filter((d) => d.proxyName === p.name);
  const drift = (p: ProxyView) => found(p)?.filter((d) => d.class !== 'foreign').reduce((sum, d) => sum + d.count, 0);
  const button = can('proxies:write') && <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={add.open}>Add proxy</Button>;
  const columns: Column<ProxyView>[] = [
    {
      label: 'Proxy',
      sort: 'name',
      text: (p) => p.name,
      cell: (p) => (
        <Box component="span" display="block" miw={90}>
          {p.name}
          <Text span display="block" fz={12} c="dimmed" fw={400}>{Object.entries(p.labels).map(([k, v]) => `${k}: ${v}`).join(', ') || new URL(p.baseUrl).host}</Text>
        </Box>
      ),
    },
    { label: 'State', sort: 'state', text: stateText, cell: (p) => <ProxyState proxy={p} /> },
    {
      label: 'LiteLLM', from: 'sm', sort: 'version', text: (p) => p.version,
      cell: (p) => (p.version ? <Capable proxy={p} /> : '–'),
    },
    { label: 'Enforcement', from: 'md', sort: 'enforcement', text: (p) => ENFORCEMENT[enforcementOf(p.enforcement)], cell: (p) => <Enforced proxy={p} /> },
    { label: 'Queue', from: 'sm', sort: 'queue', text: (p) => p.queue.waiting + p.queue.parked, cell: (p) => <QueueOf proxy={p} /> },
    {
      label: 'Drift', from: 'md', sort: 'drift', text: drift,
      cell: (p) => {
        const [n, all] = [drift(p), found(p) ?? []];
        const why = all.length > 0 ? listed(all.map((d) => `${d.count} ${DRIFT[d.class][0]}`)) : undefined;
        if (!p.scannedAt) return <Status state="off" label="not compared yet" />;
        return <Status state={n ? 'changed' : 'ok'} label={n ? `${n} different` : 'none'} why={why} />;
      },
    },
  ];
  return (
    <Page title="Proxies" lead="The LiteLLM deployments that Reeve manages, and that agents call." actions={button}>
      <ObserveBanner />
      <Panel flush>
        <DataTable
          name="Proxies" whole queryKey={['proxies']} columns={columns} rowKey={(p) => p.id} to={(p) => `/proxies/${p.name}`} search="Search proxies"
          load={({ limit, cursor }) => ask(api.GET('/api/proxies', { params: { query: { limit, cursor } } }))}
          empty={
            <Empty icon={IconServer} title="No proxies yet" action={button}>
              Add a LiteLLM proxy: everything that its realms need is put on it. Until then models and realms can be set up, and nothing is served.
            </Empty>
          }
        />
      </Panel>
      <ProxyForm opened={adding} onClose={add.close} />
    </Page>
  );
}

function Capable({ proxy }: { proxy: ProxyView }) {
  const can = capabilitiesOf(proxy);
  return (
    <>
      {proxy.version}
      <Text span display="block" fz={12} c="dimmed">{can.map(([name, value]) => (value === 'yes' ? name : value === 'no' ? `no ${name}` : value)).join(', ')}</Text>
    </>
  );
}

function Enforced({ proxy }: { proxy: ProxyView }) {
  const state = enforcementOf(proxy.enforcement);
  const failed = proxy.enforcement.filter((r) => r.held === false);
  const tone = { held: 'good', 'not-held': 'bad', 'not-asked': 'off', partly: 'warn' } as const;
  const label = failed.length > 0 ? `${failed.length} of ${proxy.enforcement.length} not held` : ENFORCEMENT[state];
  return <Status state={state} tone={tone[state]} label={label} why={failed.map((r) => CHECKS[r.check][0]).join('; ') || undefined} />;
}

function QueueOf({ proxy }: { proxy: ProxyView }) {
  const { waiting, parked } = proxy.queue;
  if (parked > 0) return <Status state="parked" label={`${parked} parked${waiting > 0 ? `, ${waiting} waiting` : ''}`} />;
  return waiting > 0 ? <Status state="pending" label={`${waiting} waiting`} /> : <Text span inherit c="dimmed">empty</Text>;
}
