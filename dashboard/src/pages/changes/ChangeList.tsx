// A list of changes: of everything, or of one realm.

import { Autocomplete, Button, Checkbox, Group, Select, ThemeIcon } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconArrowsShuffle } from '@tabler/icons-react';
import { useState } from 'react';
import { api, ask, untyped } from '../../api/client';
import { useMe } from '../../api/me';
import type { ChangeView, ReceiptState } from '../../api/schema';
import { Actor } from '../../components/Actor';
import { DataTable, type Column } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Status } from '../../components/Status';
import { Time } from '../../components/Time';
import { useUrl } from '../../components/url';
import { iconOf, KINDS, Sentence, sentence, type Names } from './describe';
import { useNames } from './names';

/** With its state, where the API says it. */
type Listed = ChangeView & { state?: ReceiptState | null };

/** The entry of a step on a proxy that follows a change. */
const STEP = 'proxy.applied';

const columns = (names: Names): Column<Listed>[] => [
  { label: 'Change', cell: (c) => c.revision, text: (c) => c.revision },
  {
    label: 'What',
    text: (c) => sentence(c, names),
    cell: (c) => {
      const Icon = iconOf(c.kind);
      return (
        <Group gap={10} wrap="nowrap" c={c.kind === STEP ? 'dimmed' : undefined}>
          <ThemeIcon variant="transparent" color="gray" size="sm" visibleFrom="xs" aria-hidden><Icon size={17} stroke={1.7} /></ThemeIcon>
          <Sentence change={c} names={names} />
          {c.state && c.state !== 'converged' && <Status state={c.state} />}
        </Group>
      );
    },
  },
  { label: 'By', from: 'sm', cell: (c) => <Actor actor={c.actor} />, text: (c) => c.actor },
  { label: 'Kind', from: 'lg', cell: (c) => c.kind, text: (c) => c.kind },
  { label: 'When', right: true, sort: 'at', byDefault: true, cell: (c) => <Time at={c.at} />, text: (c) => c.at },
];

/** `realm`: only what concerns it. */
export function ChangeList({ realm, prefix }: { realm?: string; prefix?: string }) {
  const [url, setUrl] = useUrl(prefix);
  const names = useNames();
  // A change is followed by an entry per step on a proxy: its receipt tells them, the list only when asked.
  const steps = url.steps === 'shown' || Boolean(url.kind) || Boolean(url.actor);
  const filters = { kind: url.kind, notKind: steps ? undefined : STEP, actor: url.actor, state: url.state, realmId: realm };
  return (
    <DataTable<Listed>
      name="Changes"
      queryKey={['changes', filters]}
      load={(page) => ask(api.GET('/api/changes', { params: { query: untyped({ ...page, ...filters }) } }))}
      columns={columns(names)}
      rowKey={(c) => String(c.revision)}
      to={(c) => `/changes/${c.revision}`}
      prefix={prefix}
      filters={
        <>
          <Select
            size="xs" w={200} clearable searchable aria-label="Kind of change" placeholder="Every kind" data={KINDS}
            value={url.kind ?? null} onChange={(kind) => setUrl({ kind: kind ?? undefined, cursor: undefined })}
          />
          <ByFilter value={url.actor} onChange={(actor) => setUrl({ actor, cursor: undefined })} />
          <Checkbox
            size="xs" label="Open only" checked={url.state === 'open'}
            onChange={(event) => setUrl({ state: event.currentTarget.checked ? 'open' : undefined, cursor: undefined })}
          />
          {!url.kind && !url.actor && (
            <Checkbox
              size="xs" label="Steps on proxies" checked={url.steps === 'shown'}
              onChange={(event) => setUrl({ steps: event.currentTarget.checked ? 'shown' : undefined, cursor: undefined })}
            />
          )}
          {(url.kind || url.actor || url.state) && (
            <Button size="compact-xs" variant="subtle" onClick={() => setUrl({ kind: undefined, actor: undefined, state: undefined, cursor: undefined })}>
              Clear
            </Button>
          )}
        </>
      }
      empty={
        <Empty icon={IconArrowsShuffle} title="Nothing has changed yet">
          {realm ? 'What is granted, revoked, rotated or edited here stands here, with what became of it.'
            : 'Every change to models, realms, agents and proxies stands here, with what became of it on each proxy and agent.'}
        </Empty>
      }
    />
  );
}

/** Exact, as the API names it; the usual ones are offered. */
function ByFilter({ value = '', onChange }: { value?: string; onChange: (actor?: string) => void }) {
  const me = useMe();
  const [typed, setTyped] = useState(value);
  const [seen, setSeen] = useState(value);
  // The URL changed from elsewhere, such as by Back.
  if (seen !== value) {
    setSeen(value);
    setTyped(value);
  }
  const later = useDebouncedCallback((actor: string) => onChange(actor || undefined), 400);
  return (
    <Autocomplete
      size="xs" w={210} aria-label="By whom" placeholder="By anyone"
      data={[...new Set([me.actor, 'admin', 'system:reconcile', 'system:expire_grants', 'system:rotate_keys'])]}
      value={typed}
      onChange={(actor) => { setTyped(actor); later(actor.trim()); }}
    />
  );
}
