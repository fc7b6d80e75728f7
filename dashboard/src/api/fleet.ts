// The fleet as other pages need it: the names, labels and states of all proxies, for whoever may read them.

import { queryOptions, useQuery } from '@tanstack/react-query';
import { all, api, ask } from './client';
import { useCan } from './me';
import type { ProxyView } from './schema';

const fleetQuery = queryOptions({
  queryKey: ['proxies', 'fleet'],
  queryFn: () => all((cursor) => ask(api.GET('/api/proxies', { params: { query: { limit: 200, cursor } } }))),
});

export function useFleetQuery() {
  const can = useCan();
  return useQuery({ ...fleetQuery, enabled: can('proxies:read') });
}

/** `undefined`: not read yet, or not readable. */
export const useFleet = (): ProxyView[] | undefined => useFleetQuery().data;

/** Why nothing can be changed on a proxy now, in a few words; `undefined` when nothing is known to be in the way. */
export function inTheWay(proxy: ProxyView): string | undefined {
  if (proxy.status === 'unreachable') return 'unreachable';
  if (proxy.status === 'unsupported') return 'unsupported';
  if (proxy.wipedSince) return 'looks wiped';
  return undefined;
}
