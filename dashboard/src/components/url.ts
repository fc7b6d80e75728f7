// The state of lists and tabs, kept in the URL, so that a view can be linked to, reloaded and gone back to.

import { useNavigate, useSearch } from '@tanstack/react-router';

export type UrlState = Record<string, string | undefined>;

/** `prefix` keeps two tables of one page apart. */
export function useUrl(prefix = ''): [UrlState, (patch: UrlState, push?: boolean) => void] {
  const search = useSearch({ strict: false }) as UrlState;
  const navigate = useNavigate();
  const own = prefix
    ? Object.fromEntries(Object.entries(search).flatMap(([k, v]) => (k.startsWith(`${prefix}.`) ? [[k.slice(prefix.length + 1), v]] : [])))
    : search;
  const set = (patch: UrlState, push = false) => {
    const named = Object.entries(patch).map(([k, v]) => [prefix ? `${prefix}.${k}` : k, v || undefined]);
    void navigate({
      to: '.',
      search: (old: UrlState) => ({ ...old, ...Object.fromEntries(named) }) as never,
      replace: !push,
      resetScroll: false,
    });
  };
  return [own, set];
}
