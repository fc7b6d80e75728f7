// What the last full scan found to be different on a proxy, what happens about it, and taking over what is not ours.

import { Button, Text } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { DriftView, ProxyView } from '../../api/schema';
import { DataTable, type Column } from '../../components/DataTable';
import { Panel } from '../../components/Panel';
import { Status } from '../../components/Status';
import { Time } from '../../components/Time';
import { count, listed } from '../models/naming';
import { AdoptDeployment } from './AdoptDeployment';
import { AdoptKey } from './AdoptKey';
import { observeQuery } from './observe';
import { useCheck } from './useCheck';
import { DRIFT, foreignOf, KINDS, REPAIRED } from './words';

export function Drift({ proxy }: { proxy: ProxyView }) {
  const can = useCan();
  const check = useCheck(proxy);
  const [adopted, setAdopted] = useState<DriftView>();
  const close = () => setAdopted(undefined);
  const observe = useQuery(observeQuery).data;
  const some = (observe?.differences ?? []).filter((d) => d.proxyName === proxy.name);
  const foreign = foreignOf(proxy);
  const may = (d: DriftView) => d.found && can('deployment' in d.found ? 'models:write' : 'keys:write');
  const columns: Column<DriftView>[] = [
    {
      label: 'Object', sort: 'name', text: (d) => d.name,
      cell: (d) => (
        <>
          <Text span inherit fw={550} style={{ overflowWrap: 'anywhere' }}>{d.name || d.externalId}</Text>
          <Text span display="block" fz={12} c="dimmed">{KINDS[d.kind]}{d.fields.length > 0 && `: ${d.fields.join(', ')}`}</Text>
        </>
      ),
    },
    { label: 'Difference', sort: 'class', text: (d) => d.class, cell: (d) => <Status state={d.class} label={DRIFT[d.class][0]} why={DRIFT[d.class][1]} /> },
    { label: 'Fields', fileOnly: true, text: (d) => d.fields.join(', '), cell: () => null },
    { label: 'On the proxy', from: 'lg', text: (d) => d.externalId, cell: (d) => <Text span inherit ff="monospace" fz={12} style={{ overflowWrap: 'anywhere' }}>{d.externalId.length > 20 ? `${d.externalId.slice(0, 12)}…` : d.externalId}</Text> },
    { label: 'Found', from: 'sm', sort: 'found', text: (d) => d.foundAt, cell: (d) => <Time at={d.foundAt} /> },
    {
      label: 'Actions', right: true,
      cell: (d) => {
        if (may(d)) return <Button size="compact-sm" variant="default" aria-label={`Take over ${d.name || d.externalId}`} onClick={() => setAdopted(d)}>Take over</Button>;
        // In observe mode nothing is changed on any proxy.
        if (REPAIRED.includes(d.class) && !observe?.active && can('proxies:write')) return <Button size="compact-sm" variant="default" loading={check.busy} leftSection={<IconRefresh size={13} aria-hidden />} onClick={check.run}>Repair now</Button>;
        return null;
      },
    },
  ];
  return (
    <div id="drift">
      <Panel
        flush title="Differences"
        lead={
          <>
            {proxy.scannedAt ? <>As of the last full scan, <Time at={proxy.scannedAt} />.</> : 'It was not compared in full yet.'} What is Reeve’s is repaired by itself; what is not is never touched.
            {foreign.length > 0 && ` Not ours: ${listed(foreign.map(([kind, n]) => count(n, kind.replace(/s$/, ''))))}.`}
          </>
        }
      >
        <DataTable
          name={`Differences on ${proxy.name}`} prefix="drift" whole queryKey={['proxies', proxy.id, 'drift']} columns={columns} rowKey={(d) => `${d.kind} ${d.externalId}`}
          load={({ limit, cursor }) => ask(api.GET('/api/proxies/{id}/drift', { params: { path: { id: proxy.id }, query: { limit, cursor } } }))}
          bare={some.length === 0} search="Search differences"
          empty={<Text size="sm" px="md" pb="md">{proxy.scannedAt ? 'Nothing is different. Everything on it is as the registry wants it.' : 'A full scan is made as soon as it answers.'}</Text>}
        />
      </Panel>
      {adopted?.found && 'deployment' in adopted.found && <AdoptDeployment proxy={proxy} drift={adopted} found={adopted.found.deployment} onClose={close} />}
      {adopted?.found && 'key' in adopted.found && <AdoptKey proxy={proxy} drift={adopted} found={adopted.found.key} onClose={close} />}
    </div>
  );
}
