// Reading rows of the record.

import { api, ask, untyped, type Page } from '../../api/client';
import type { AuditView } from '../../api/schema';
import type { Wanted } from '../../components/DataTable';
import { queryOf, type Filters } from './filters';

export async function readRows({ limit, cursor, sort, ...filters }: Filters & Wanted): Promise<Page<AuditView>> {
  const page = await ask(api.GET('/api/audit', { params: { query: untyped({ ...queryOf(filters), limit, cursor, sort }) } }));
  // The same operation answers with text where a format is asked for.
  return typeof page === 'string' ? { items: [] } : page;
}
