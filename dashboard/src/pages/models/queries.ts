// What the pages of models, credentials and proxies read, each under one key.

import { queryOptions } from '@tanstack/react-query';
import { all, api, ask } from '../../api/client';

const LIMIT = 200;

export const providersQuery = queryOptions({
  queryKey: ['providers'],
  queryFn: async () => (await ask(api.GET('/api/providers'))).items,
  staleTime: Number.POSITIVE_INFINITY,
});

/** `id`: or its `litellmModelName`. */
export const modelQuery = (id: string) =>
  queryOptions({
    queryKey: ['models', 'one', id],
    queryFn: () => ask(api.GET('/api/models/{id}', { params: { path: { id } } })),
  });

export const grantsQuery = (id: string) =>
  queryOptions({
    queryKey: ['models', id, 'realms'],
    queryFn: async () => (await ask(api.GET('/api/models/{id}/realms', { params: { path: { id } } }))).items,
  });

/** Every model: for who calls with a credential, and for the names of what waits on a proxy. */
export const allModelsQuery = queryOptions({
  queryKey: ['models', 'all'],
  queryFn: () => all((cursor) => ask(api.GET('/api/models', { params: { query: { limit: LIMIT, cursor } } }))),
});

export const allRealmsQuery = queryOptions({
  queryKey: ['realms', 'all'],
  queryFn: () => all((cursor) => ask(api.GET('/api/realms', { params: { query: { limit: LIMIT, cursor } } }))),
});

export const allCredentialsQuery = queryOptions({
  queryKey: ['credentials', 'all'],
  queryFn: () => all((cursor) => ask(api.GET('/api/credentials', { params: { query: { limit: LIMIT, cursor } } }))),
});
