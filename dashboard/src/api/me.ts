// Who is signed in, and what they may do. The API decides; here it only says what to offer.

import { queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import { api, ask } from './client';
import type { Me } from './schema';

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: () => ask(api.GET('/api/me')),
  staleTime: Number.POSITIVE_INFINITY,
  retry: false,
});

export function useMe(): Me {
  return useSuspenseQuery(meQuery).data;
}

const covers = (held: string[], wanted: string) =>
  held.includes(wanted) || (wanted.endsWith(':read') && held.includes(wanted.replace(/:read$/, ':write')));

/** `can('grants:write')`: everywhere. `can('grants:write', realmId)`: there. `can('grants:write', 'any')`: in some realm at least. */
export function useCan(): (permission: string, realm?: string) => boolean {
  const me = useMe();
  return (permission, realm) =>
    covers(me.permissions, permission) ||
    (realm !== undefined &&
      me.realms.some((r) => (realm === 'any' || r.realmId === realm) && covers(r.permissions, permission)));
}
