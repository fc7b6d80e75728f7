// The first step of registering a model: whose it is.

import { SimpleGrid, Stack, Text, TextInput, UnstyledButton } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import type { ProviderView } from '../../api/schema';
import { providerLabel } from './naming';
import classes from './ProviderChoice.module.css';

interface Props {
  providers: ProviderView[];
  choose: (provider: ProviderView) => void;
  error?: ReactNode;
}

export function ProviderChoice({ providers, choose, error }: Props) {
  const [search, setSearch] = useState('');
  const words = search.trim().toLowerCase();
  const found = providers.filter((p) => `${p.name} ${providerLabel(p.name)}`.toLowerCase().includes(words));
  return (
    <Stack gap="sm">
      <TextInput
        data-autofocus
        // Also when somebody comes back for another one.
        autoFocus
        label="Provider"
        description="Whose model it is. An OpenAI-compatible server of your own is “OpenAI-compatible” or “vLLM”."
        placeholder="Search providers"
        error={error}
        leftSection={<IconSearch size={15} aria-hidden />}
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return;
          event.preventDefault();
          if (words && found[0]) choose(found[0]);
        }}
      />
      <SimpleGrid cols={{ base: 2, sm: 3 }} spacing="xs" role="group" aria-label="Providers">
        {found.map((p, n) => (
          <UnstyledButton key={p.name} type="button" className={classes.card} data-first={(Boolean(words) && n === 0) || undefined} onClick={() => choose(p)}>
            <Text span display="block" fw={550} fz="sm">{providerLabel(p.name)}</Text>
            <Text span display="block" fz={12} c="dimmed" ff="monospace">{p.name}</Text>
          </UnstyledButton>
        ))}
      </SimpleGrid>
      {found.length === 0 && (
        <Text size="sm" c="dimmed" role="status">No provider has this name. If its API is like OpenAI’s, use “OpenAI-compatible”.</Text>
      )}
    </Stack>
  );
}
