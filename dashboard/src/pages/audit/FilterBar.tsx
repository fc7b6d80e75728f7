// The filters of the record. Actor and subject are exact, as the API takes them, so those that are known are offered.

import { ActionIcon, Autocomplete, Button, Select, TextInput, Tooltip } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconRefresh, IconX } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useCan } from '../../api/me';
import { useUrl } from '../../components/url';
import { allPeopleQuery, allTokensQuery } from '../access/queries';
import { BETWEEN, FILTERS, filtersOf, RANGES, rangeOf } from './filters';
import { ACTION_CHOICES } from './words';

const SUBJECTS = ['agent', 'credential', 'deployment', 'enrollment-token', 'freeze', 'grant', 'identity-provider', 'member', 'model', 'person', 'proxy', 'realm', 'settings', 'token', 'workload-rule'];
const OTHERS = ['admin', 'anonymous', 'system:reconcile', 'system:expire_grants', 'system:retire_keys', 'system:rotate_keys'];

/** On a phone two stand side by side. */
const HALF = { base: 'calc(50% - 5px)', sm: 180 };

export function FilterBar() {
  const [url, setUrl] = useUrl();
  const client = useQueryClient();
  const filters = filtersOf(url);
  const range = rangeOf(filters);
  const none = Object.fromEntries(FILTERS.map((name) => [name, undefined]));
  const ask = (patch: Record<string, string | undefined>) => setUrl({ ...patch, cursor: undefined });
  return (
    <>
      <Actors value={filters.actor} onChange={(actor) => ask({ actor })} />
      <Select
        size="xs" w={HALF} searchable clearable aria-label="Action" placeholder="Any action" nothingFoundMessage="No action has this name."
        data={ACTION_CHOICES} value={filters.action ?? null} onChange={(action) => ask({ action: action ?? undefined })}
      />
      <Words label="Subject" placeholder="Any subject" data={SUBJECTS} value={filters.subject} onChange={(subject) => ask({ subject })} />
      <Select
        size="xs" w={HALF} clearable aria-label="Time" placeholder="Any time" data={[...RANGES, { value: BETWEEN, label: 'Between…' }].map(({ value, label }) => ({ value, label }))}
        value={range ?? null} onChange={(value) => ask({ range: value ?? undefined, since: undefined, until: undefined })}
      />
      {range === BETWEEN && (
        <>
          <Moment label="From" value={filters.since} onChange={(since) => ask({ range: BETWEEN, since })} />
          <Moment label="Until" value={filters.until} onChange={(until) => ask({ range: BETWEEN, until })} />
        </>
      )}
      {Object.keys(filters).length > 0 && (
        <Button size="xs" variant="subtle" color="gray" leftSection={<IconX size={13} aria-hidden />} onClick={() => ask(none)}>Clear</Button>
      )}
      <Tooltip label="Look again">
        <ActionIcon variant="default" size={30} aria-label="Look again" onClick={() => void client.invalidateQueries({ queryKey: ['audit'] })}><IconRefresh size={15} aria-hidden /></ActionIcon>
      </Tooltip>
    </>
  );
}

interface WordProps {
  value?: string;
  onChange: (value?: string) => void;
}

/** Read when the field is gone into. */
function Actors({ value, onChange }: WordProps) {
  const can = useCan();
  const [wanted, setWanted] = useState(false);
  const people = useQuery({ ...allPeopleQuery, enabled: wanted && can('people:read') }).data ?? [];
  const tokens = useQuery({ ...allTokensQuery, enabled: wanted && can('tokens:read') }).data ?? [];
  const data = [...new Set([...people.map((p) => `person:${p.email}`), ...tokens.map((t) => `token:${t.name}`), ...OTHERS])];
  return <Words label="Actor" placeholder="Anybody" data={data} value={value} onChange={onChange} onFocus={() => setWanted(true)} />;
}

interface WordsProps extends WordProps {
  label: string;
  placeholder: string;
  data: string[];
  onFocus?: () => void;
}

function Words({ label, placeholder, data, value = '', onChange, onFocus }: WordsProps) {
  const [typed, setTyped] = useState(value);
  const [from, setFrom] = useState(value);
  // What the URL says may change from elsewhere, such as by a button in a row.
  if (from !== value) {
    setFrom(value);
    setTyped(value);
  }
  const later = useDebouncedCallback((word: string) => onChange(word.trim() || undefined), 400);
  return (
    <Autocomplete
      size="xs" w={HALF} aria-label={label} placeholder={placeholder} data={data} limit={40} spellCheck={false} clearable
      value={typed} onFocus={onFocus} onChange={(word) => { setTyped(word); later(word); }} comboboxProps={{ width: 'max-content', position: 'bottom-start' }}
    />
  );
}

/** As an input of type datetime-local wants it: the browser's own time, to the minute. */
function localTime(at?: string): string {
  const time = at ? new Date(at) : undefined;
  if (!time || Number.isNaN(time.getTime())) return '';
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function Moment({ label, value, onChange }: { label: string } & WordProps) {
  const set = (text: string) => {
    const time = new Date(text);
    onChange(Number.isNaN(time.getTime()) ? undefined : time.toISOString());
  };
  return <TextInput size="xs" w={{ base: '100%', sm: 190 }} type="datetime-local" aria-label={label} value={localTime(value)} onChange={(event) => set(event.currentTarget.value)} />;
}
