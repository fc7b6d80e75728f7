// What several tabs of the access page read, each under one key, and what the caller may give out.

import { queryOptions, useQuery } from '@tanstack/react-query';
import { all, api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { Role } from '../../api/schema';
import { realmNamesQuery } from '../agents/queries';
import { permissionsOf } from './roles';

const LIMIT = 200;

export const allPeopleQuery = queryOptions({
  queryKey: ['access', 'people', 'all'],
  queryFn: () => all((cursor) => ask(api.GET('/api/people', { params: { query: { limit: LIMIT, cursor } } }))),
});

export const allTokensQuery = queryOptions({
  queryKey: ['access', 'tokens', 'all'],
  queryFn: () => all((cursor) => ask(api.GET('/api/tokens', { params: { query: { limit: LIMIT, cursor } } }))),
});

export const providersQuery = queryOptions({
  queryKey: ['access', 'identity-providers', 'all'],
  queryFn: async () => (await ask(api.GET('/api/identity-providers'))).items,
});

/** The realms that the caller sees, and what one is called. */
export function useRealms() {
  const can = useCan();
  const names = useQuery({ ...realmNamesQuery, enabled: can('realms:read', 'any') }).data;
  return {
    realms: [...(names ?? [])].map(([id, { name, slug }]) => ({ id, name, slug })),
    nameOf: (id: string) => (names ? (names.get(id)?.name ?? 'a realm that you do not see') : '…'),
  };
}

/** Whether the caller has what would be given: nobody gives out more than they have. The API decides. */
export function useMayGive() {
  const can = useCan();
  const permissions = (wanted: string[], realms: string[] | null) =>
    wanted.every((p) => (realms === null ? can(p) : realms.every((realm) => can(p, realm))));
  return {
    permissions,
    role: (role: Role, realm?: string | null) => permissions(permissionsOf(role), realm ? [realm] : null),
    /** In some realm at least. */
    roleSomewhere: (role: Role) => permissionsOf(role).every((p) => can(p, 'any')),
  };
}
