// Reading rows of the record, newest first.

import { api, ask, type Page } from '../../api/client';
import type { AuditView } from '../../api/schema';
import { queryOf, type Filters } from './filters';

export async function readRows({ limit, cursor, ...filters }: Filters & { limit: number; cursor?: string }): Promise<Page<AuditView>> {
  const page = await ask(api.GET('/api/audit', { params: { query: { ...queryOf(filters), limit, cursor } } }));
  // The same operation answers with text where a format is asked for.
  return typeof page === 'string' ? { items: [] } : page;
}
