// What the agents' pages ask of the API, each under one key.

import { queryOptions } from '@tanstack/react-query';
import { all, api, ask, untyped } from '../../api/client';
import type { Wanted } from '../../components/DataTable';

const at = (did: string) => ({ params: { path: { did } } });

export const agentQuery = (did: string) =>
  queryOptions({ queryKey: ['agents', did], queryFn: () => ask(api.GET('/api/agents/{did}', at(did))) });

/** The document that it should have, without its key. */
export const configQuery = (did: string) =>
  queryOptions({ queryKey: ['agents', did, 'config'], queryFn: () => ask(api.GET('/api/agents/{did}/llm-config', at(did))) });

/** What it may use, realm by realm. */
export const offerQuery = (did: string) =>
  queryOptions({ queryKey: ['agents', did, 'offer'], queryFn: () => ask(api.GET('/api/agents/{did}/realm-llm', at(did))) });

/** At most a page of them: enough to say how many. */
export const pendingQuery = queryOptions({
  queryKey: ['agents', 'pending'],
  queryFn: () => ask(api.GET('/api/agents', { params: { query: { status: 'pending', limit: 200 } } })),
});

/** What the URL says; the API refuses what it does not know. */
export const listAgents = (wanted: Wanted, filters: Record<string, string | undefined>) =>
  ask(api.GET('/api/agents', { params: { query: untyped({ ...wanted, ...filters }) } }));

export const listRealms = (wanted: { limit: number; search?: string }) =>
  ask(api.GET('/api/realms', { params: { query: wanted } }));

/** Names of all realms that the caller sees, by id. */
export const realmNamesQuery = queryOptions({
  queryKey: ['realms', 'names'],
  queryFn: async () => {
    const realms = await all((cursor) => ask(api.GET('/api/realms', { params: { query: { limit: 200, cursor } } })));
    return new Map(realms.map((realm) => [realm.id, { name: realm.name, slug: realm.slug }]));
  },
});

export const receiptQuery = (revision: number) =>
  queryOptions({
    queryKey: ['changes', String(revision)],
    queryFn: () => ask(api.GET('/api/changes/{revision}', { params: { path: { revision } } })),
  });
