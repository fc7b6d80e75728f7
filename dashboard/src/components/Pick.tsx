// A drop-down with search over a list of the API. What fits one page is searched here; of a longer list, the API searches.

import { Loader, Select, Stack, Text, type SelectProps } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Page } from '../api/client';
import { Problem } from '../api/problem';

const ROWS = 100;

export interface Choice {
  value: string;
  label: string;
  /** A second line, such as a DID. */
  detail?: string;
  /** Shown, and cannot be chosen. */
  disabled?: boolean;
}

interface Props extends Omit<SelectProps, 'data' | 'value' | 'onChange' | 'searchValue' | 'onSearchChange' | 'filter'> {
  value: string | null;
  onChange: (value: string | null) => void;
  /** Begins with the topic's word. */
  queryKey: unknown[];
  load: (wanted: { limit: number; search?: string }) => Promise<Page<Choice>>;
  /** What `value` is, where the list may not have it. */
  known?: Choice;
}

export function Pick({ value, onChange, queryKey, load, known, error, ...rest }: Props) {
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed.trim(), 200);
  const first = useQuery({ queryKey: [...queryKey, 'pick'], queryFn: () => load({ limit: ROWS }) });
  const long = Boolean(first.data?.nextCursor);
  const found = useQuery({
    queryKey: [...queryKey, 'pick', search],
    queryFn: () => load({ limit: ROWS, search }),
    enabled: long && search !== '' && search !== known?.label,
    placeholderData: keepPreviousData,
  });
  const unread = first.error ?? (long ? found.error : null);
  const items = (long && found.data ? found.data : first.data)?.items ?? [];
  const choices = known && !items.some((item) => item.value === known.value) ? [known, ...items] : items;
  const details = new Map(choices.map((item) => [item.value, item.detail]));
  return (
    <Select
      searchable
      nothingFoundMessage={unread ? 'The list could not be read.' : first.isPending || found.isFetching ? 'Looking…' : 'Nothing has this name.'}
      rightSection={first.isLoading || found.isFetching ? <Loader size={14} role="status" aria-label="Loading" /> : undefined}
      {...rest}
      error={error || (unread && `The list could not be read: ${Problem.from(unread).message} (${Problem.from(unread).code})`)}
      data={choices.map(({ value, label, disabled }) => ({ value, label, disabled }))}
      value={value}
      onChange={onChange}
      searchValue={typed}
      onSearchChange={setTyped}
      // What the API found stands as it is: it may have matched by the detail.
      filter={({ options, search: words }) => {
        const word = words.trim().toLowerCase();
        if (!word || long) return options;
        return options.filter((o) => 'value' in o && `${o.label} ${details.get(o.value) ?? ''}`.toLowerCase().includes(word));
      }}
      renderOption={({ option }) => (
        <Stack gap={0} miw={0}>
          <Text size="sm" truncate>{option.label}</Text>
          {details.get(option.value) && <Text size="xs" c="dimmed" truncate>{details.get(option.value)}</Text>}
        </Stack>
      )}
    />
  );
}
