// Ctrl K: every page, and models, realms and agents by name.

import '@mantine/spotlight/styles.css';

import { createSpotlight, Spotlight, useSpotlight, type SpotlightActionData } from '@mantine/spotlight';
import { useDebouncedValue } from '@mantine/hooks';
import { IconBox, IconRobot, IconSearch, IconUsersGroup } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { api, ask } from '../api/client';
import { useCan } from '../api/me';
import { Problem } from '../api/problem';
import { useOverlay } from '../components/useOverlay';
import { ACCOUNT, NAVIGATION } from './navigation';

const [store, spotlight] = createSpotlight();

/** `opened` counts how often it was asked for. */
export function Finder({ opened }: { opened: number }) {
  useEffect(() => spotlight.open(), [opened]);
  useOverlay(useSpotlight(store).opened, spotlight.close);
  const [text, setText] = useState('');
  const [search] = useDebouncedValue(text.trim(), 150);
  const navigate = useNavigate();
  const can = useCan();
  const found = useQuery({
    queryKey: ['finder', search],
    staleTime: 0,
    enabled: search.length > 0,
    placeholderData: keepPreviousData,
    queryFn: async () => {
      const query = { search, limit: 6 };
      const none = { items: [] };
      const [models, realms, agents] = await Promise.all([
        can('models:read', 'any') ? ask(api.GET('/api/models', { params: { query } })) : none,
        can('realms:read', 'any') ? ask(api.GET('/api/realms', { params: { query } })) : none,
        can('agents:read', 'any') ? ask(api.GET('/api/agents', { params: { query } })) : none,
      ]);
      return [
        ...models.items.map((m) => ({ group: 'Models', label: m.name, description: m.litellmModelName, to: `/models/${m.id}`, icon: IconBox })),
        ...realms.items.map((r) => ({ group: 'Realms', label: r.name, description: r.slug, to: `/realms/${r.slug}`, icon: IconUsersGroup })),
        ...agents.items.map((a) => ({ group: 'Agents', label: a.name, description: a.did, to: `/agents/${a.did}`, icon: IconRobot })),
      ];
    },
  });
  const words = search.toLowerCase();
  const pages = [...NAVIGATION.flatMap((g) => g.items), ACCOUNT]
    .filter((p) => (!p.needs || can(p.needs, 'any')) && p.label.toLowerCase().includes(words))
    .map((p) => ({ group: 'Pages', label: p.label, description: undefined, to: p.to, icon: p.icon }));
  const shown = [...pages, ...(words ? (found.data ?? []) : [])];
  const groups = [...new Set(shown.map((s) => s.group))].map((group) => ({
    group,
    actions: shown
      .filter((s) => s.group === group)
      .map(({ label, description, to, icon: Icon }): SpotlightActionData => ({
        id: to, label, description, leftSection: <Icon size={18} stroke={1.6} aria-hidden />, onClick: () => void navigate({ to }),
      })),
  }));
  return (
    <Spotlight
      store={store}
      actions={groups}
      // What was found is shown as it is.
      filter={(_, actions) => actions}
      query={text}
      onQueryChange={setText}
      closeOnEscape={false}
      returnFocus={false}
      nothingFound={found.error ? `It could not be looked for: ${Problem.from(found.error).message} (${Problem.from(found.error).code})` : found.isFetching ? 'Looking…' : 'Nothing has this name.'}
      highlightQuery
      scrollable
      shortcut={null}
      searchProps={{ leftSection: <IconSearch size={18} aria-hidden />, placeholder: 'A page, model, realm or agent', 'aria-label': 'Find anything' }}
    />
  );
}
