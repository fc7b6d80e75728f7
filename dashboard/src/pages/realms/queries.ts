// What several sections of a realm's page read.

import { queryOptions } from '@tanstack/react-query';
import { api, ask } from '../../api/client';
import type { ListSyncedHeldKey } from '../../api/schema';

export const realmQuery = (id: string) => queryOptions({
  queryKey: ['realms', 'one', id],
  queryFn: () => ask(api.GET('/api/realms/{id}', { params: { path: { id } } })),
});

/** Never paged by the API. */
export const grantsQuery = (realm: string) => queryOptions({
  queryKey: ['realms', realm, 'grants'],
  queryFn: async () => (await ask(api.GET('/api/realms/{id}/models', { params: { path: { id: realm } } }))).items,
});

export type HeldKey = ListSyncedHeldKey['items'][number];

/** Never paged by the API, newest first; with those of single agents, which a realm's view leaves out. */
export const readKeys = async (realm: string) => (await ask(api.GET('/api/realms/{id}/keys', { params: { path: { id: realm } } }))).items;
export const keysQuery = (realm: string) => queryOptions({ queryKey: ['realms', realm, 'keys'], queryFn: () => readKeys(realm) });

/** Its first agents: enough to name them, and to say whom something stops. */
export const MEMBERS_READ = 200;
export const membersQuery = (realm: string) => queryOptions({
  queryKey: ['agents', 'of-realm', realm],
  queryFn: async () => (await ask(api.GET('/api/agents', { params: { query: { realmId: realm, limit: MEMBERS_READ } } }))).items,
});
