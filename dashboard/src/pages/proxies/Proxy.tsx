// One proxy: whether agents can rely on it, and what is in the way.

import { Code, Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { answered, api } from '../../api/client';
import type { ProxyView } from '../../api/schema';
import { Copy } from '../../components/Copy';
import { Loaded, Page } from '../../components/Page';
import { Facts, Panel } from '../../components/Panel';
import { Time } from '../../components/Time';
import { Drift } from './Drift';
import { EnforcementPanel } from './EnforcementPanel';
import { ObserveBanner } from './ObserveBanner';
import { ProxyActions } from './ProxyActions';
import { ProxyAlerts } from './ProxyAlerts';
import { ProxyState } from './ProxyState';
import { capabilitiesOf } from './words';
import { Work } from './Work';

export function Proxy() {
  const { id = '' } = useParams({ strict: false });
  const query = useQuery({
    queryKey: ['proxies', 'one', id],
    queryFn: async () => {
      const { data, response } = await answered(api.GET('/api/proxies/{id}', { params: { path: { id } } }));
      // Its `version` is LiteLLM's; that of the registry's row is the ETag alone.
      return { proxy: data, etag: response.headers.get('etag') ?? undefined };
    },
  });
  const proxy = query.data?.proxy;
  return (
    <Page
      title={proxy?.name ?? id} parent={{ label: 'Proxies', to: '/proxies' }}
      lead={proxy && <ProxyState proxy={proxy} />}
      actions={proxy && <ProxyActions proxy={proxy} etag={query.data?.etag} />}
    >
      <Loaded query={query}>{(data) => data.proxy && <Sections proxy={data.proxy} />}</Loaded>
    </Page>
  );
}

function Sections({ proxy }: { proxy: ProxyView }) {
  return (
    <>
      <ObserveBanner />
      <ProxyAlerts proxy={proxy} />
      <ProxyFacts proxy={proxy} />
      <EnforcementPanel proxy={proxy} />
      <Work proxy={proxy} />
      <Drift proxy={proxy} />
    </>
  );
}

function ProxyFacts({ proxy }: { proxy: ProxyView }) {
  const labels = Object.entries(proxy.labels);
  return (
    <Panel title="Facts">
      <Facts
        items={[
          ['Admin URL', <Copy key="base" text={proxy.baseUrl} />],
          ['Agents’ URL', proxy.publicUrl === proxy.baseUrl ? 'the admin URL' : <Copy key="public" text={proxy.publicUrl} />],
          ['Labels', labels.length > 0 && <Group key="labels" gap={6}>{labels.map(([name, value]) => <Code key={name}>{name}: {value}</Code>)}</Group>],
          ['LiteLLM', proxy.version],
          ...capabilitiesOf(proxy).map(([name, value]): [string, string] => [name.charAt(0).toUpperCase() + name.slice(1), value]),
          ['Cache lag', proxy.cacheLagSeconds === 0 ? 'none: one instance' : `${proxy.cacheLagSeconds} s`],
          ['Checked', <Time key="checked" at={proxy.checkedAt} none="not yet" />],
          ['Compared in full', <Time key="scanned" at={proxy.scannedAt} none="not yet" />],
          ['Registered', <Time key="created" at={proxy.createdAt} />],
        ]}
      />
    </Panel>
  );
}
