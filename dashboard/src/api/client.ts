// The API's client: typed by openapi/reeve.json, throws a Problem for every answer that is not 2xx.

import createClient, { type Middleware } from 'openapi-fetch';
import { Problem } from './problem';
import type { paths } from './schema';
import { signedOut } from './session';

export const refusals: Middleware = {
  async onResponse({ response, schemaPath }) {
    if (response.ok) return undefined;
    const problem = await Problem.read(response);
    if (problem.signedOut && !schemaPath.startsWith('/api/auth/')) signedOut();
    throw problem;
  },
};

/** A connection may be dead without a word: nobody waits for ever. Writes may call providers and proxies. */
const [LONGEST_READ_MS, LONGEST_WRITE_MS] = [30_000, 120_000];
const limited = (request: Request) => fetch(request, { signal: AbortSignal.timeout(request.method === 'GET' ? LONGEST_READ_MS : LONGEST_WRITE_MS) });

export const api = createClient<paths>({ baseUrl: '/', fetch: limited, querySerializer: { array: { style: 'form', explode: false } } });
api.use(refusals);

/** The body of a call: `await ask(api.GET('/api/models'))`. */
export const ask = async <T>(call: Promise<{ data?: T; response: Response }>): Promise<T> => (await answered(call)).data;

/** The same with its headers. */
export async function answered<T>(call: Promise<{ data?: T; response: Response }>): Promise<{ data: T; response: Response }> {
  try {
    const { data, response } = await call;
    return { data: data as T, response };
  } catch (thrown) {
    throw Problem.unanswered(thrown);
  }
}

/** Its end, or that of the time. */
export const within = (ms: number, promise: Promise<unknown>) => Promise.race([promise, new Promise((done) => setTimeout(done, ms))]);

/** The header for an edit of what was read at `version`: refused when somebody else was quicker. */
export const ifMatch = (version: number) => ({ 'If-Match': `"${version}"` });

/**
 * What is known by its words alone: a query from the URL, of which the API refuses what it does not know, and objects of any
 * content, which the generated types take for empty.
 */
export const untyped = (value: Record<string, unknown>) => value as never;

/** A list's answer. */
export interface Page<T> {
  items: T[];
  nextCursor?: string | null;
}

/** Every item of a list, page by page; `tell` hears how many there are so far. */
export async function all<T>(load: (cursor?: string) => Promise<Page<T>>, tell?: (count: number) => void): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await load(cursor);
    items.push(...page.items);
    tell?.(items.length);
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  return items;
}
