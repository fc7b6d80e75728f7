// Where a provider's key is typed. What is typed lives in the form alone.

import { Group, Input, PasswordInput, Select, Stack } from '@mantine/core';
import { useId, type ReactNode } from 'react';
import type { ProviderView } from '../../api/schema';
import { fieldLabel } from '../models/naming';
import { secretFields, secretSets, type Secret } from './secret';

interface Props {
  provider?: ProviderView;
  label?: string;
  value: Secret;
  onChange: (value: Secret) => void;
  error?: ReactNode;
}

export function SecretInput({ provider, label = 'API key', value, onChange, error }: Props) {
  const id = useId();
  const sets = secretSets(provider);
  const fields = secretFields(value);
  const plain = provider?.name === 'vertex_ai' ? 'Service account key (JSON)' : label;
  return (
    <Stack gap="xs">
      {sets.length > 0 && (
        <Select
          label="Kind of key"
          allowDeselect={false}
          data={[{ value: '', label: 'API key' }, ...sets.map((set) => ({ value: set, label: set.split('+').map(fieldLabel).join(', ') }))]}
          value={value.set}
          onChange={(set) => onChange({ set: set ?? '', values: {} })}
        />
      )}
      <Group gap="sm" align="flex-start" grow preventGrowOverflow={false}>
        {fields.map((field) => (
          <PasswordInput
            key={field}
            id={`${id}-${field}`}
            miw={220}
            label={value.set === '' ? plain : fieldLabel(field)}
            required
            autoComplete="off"
            data-1p-ignore
            data-lpignore="true"
            spellCheck={false}
            error={Boolean(error) && !value.values[field]?.trim()}
            value={value.values[field] ?? ''}
            onChange={(event) => onChange({ ...value, values: { ...value.values, [field]: event.currentTarget.value } })}
          />
        ))}
      </Group>
      {error && <Input.Error role="alert">{error}</Input.Error>}
    </Stack>
  );
}
