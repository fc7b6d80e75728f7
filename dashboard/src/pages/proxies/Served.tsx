// Whom a proxy serves: which realms are on it, and for which of them there is no other.

import { List, Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useFleetQuery } from '../../api/fleet';
import { useCan } from '../../api/me';
import type { ProxyView, SyncedRealmView } from '../../api/schema';
import { ProblemAlert } from '../../components/Problem';
import { count } from '../models/naming';
import { allRealmsQuery } from '../models/queries';

interface Serving {
  all: SyncedRealmView[];
  /** Those that no other proxy can serve now. */
  only: SyncedRealmView[];
}

function useServing(proxy: ProxyView): { serving?: Serving; error?: unknown } {
  const can = useCan();
  const realms = useQuery({ ...allRealmsQuery, enabled: can('realms:read') });
  const fleet = useFleetQuery();
  if (!realms.data || !fleet.data) return { error: realms.error ?? fleet.error };
  const usable = new Set(fleet.data.filter((p) => p.id !== proxy.id && p.state === 'active' && !p.deleting && !p.frozen && !p.avoided && p.status === 'ready').map((p) => p.id));
  const all = realms.data.filter((r) => r.grants > 0 && r.sync.proxies.some((p) => p.proxyId === proxy.id));
  return { serving: { all, only: all.filter((r) => !r.sync.proxies.some((p) => usable.has(p.proxyId))) } };
}

const agents = (realms: SyncedRealmView[]) => count(realms.reduce((sum, r) => sum + r.members, 0), 'agent');

/** What taking the proxy away does; `lose`: what happens to those that have no other. */
export function Served({ proxy, lose }: { proxy: ProxyView; lose: string }) {
  const can = useCan();
  const { serving, error } = useServing(proxy);
  if (!can('realms:read')) return <Text size="sm">Which realms it serves is not yours to see.</Text>;
  if (error) return <ProblemAlert error={error} />;
  if (!serving) return <Skeleton h={48} aria-busy aria-label="Loading" />;
  const { all, only } = serving;
  const moving = all.length - only.length;
  if (all.length === 0) return <Text size="sm">No realm with a grant is served by it, so nobody is affected.</Text>;
  return (
    <>
      {moving > 0 && (
        <Text size="sm">{count(moving, 'realm is', 'realms are')} served by another proxy, too: {agents(all.filter((r) => !only.includes(r)))} move there, 100 a second.</Text>
      )}
      {only.length > 0 && (
        <>
          <Text size="sm" mt={moving > 0 ? 'xs' : 0}><b>{count(only.length, 'realm has', 'realms have')} no other proxy that is ready.</b> {lose}</Text>
          <List size="sm" mt={4}>
            {only.slice(0, 8).map((r) => <List.Item key={r.id}>{r.name}, {count(r.members, 'agent')}</List.Item>)}
            {only.length > 8 && <List.Item>and {only.length - 8} more</List.Item>}
          </List>
        </>
      )}
    </>
  );
}
