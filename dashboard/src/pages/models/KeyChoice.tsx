// Which key a deployment calls its provider with: a credential, a new one, a key of its own, or none.

import { Anchor, Radio, Select, Stack, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useCan } from '../../api/me';
import { Problem } from '../../api/problem';
import type { ProviderView } from '../../api/schema';
import { SecretInput } from '../credentials/SecretInput';
import type { KeyFrom, ModelValues } from './backend';
import { count, providerLabel } from './naming';
import { allCredentialsQuery } from './queries';

interface Props {
  form: UseFormReturnType<ModelValues>;
  provider: ProviderView;
  /** What it has now, such as "the key ...wxyz"; then that may stay. */
  now?: string;
}

export function KeyChoice({ form, provider, now }: Props) {
  const can = useCan();
  const stored = useQuery({ ...allCredentialsQuery, enabled: can('credentials:read') });
  const fitting = (stored.data ?? []).filter((c) => c.provider === provider.name);
  const { keyFrom } = form.values;
  const choices: [KeyFrom, string, string, boolean][] = [
    ['kept', 'Keep what it has', now ?? '', now !== undefined],
    [
      'stored', 'A credential',
      fitting.length > 0 ? `${count(fitting.length, 'key')} of ${providerLabel(provider.name)} stored already. Its key is replaced in one place.`
        : stored.data ? `No credential of ${providerLabel(provider.name)} yet.`
          : stored.error ? `Which there are could not be read: ${Problem.from(stored.error).message}` : 'Looking for those that are stored…',
      can('credentials:read'),
    ],
    ['named', 'A new credential', 'Stored under a name, so that further models can use it.', can('credentials:write')],
    ['typed', 'A key for this deployment alone', 'Sealed with it, and replaced with it.', true],
    ['none', 'No key', 'The proxy has another way in, such as an instance role, or the backend asks for none.', provider.secret === 'optional'],
  ];
  return (
    <Stack gap="sm">
      <Radio.Group label="Provider key" value={keyFrom} onChange={(value) => form.setFieldValue('keyFrom', choices.find(([v]) => v === value)?.[0] ?? 'typed')}>
        <Stack gap={8} mt={6}>
          {choices.filter(([, , , offered]) => offered).map(([value, label, description]) => (
            <Radio key={value} value={value} label={label} description={description} disabled={value === 'stored' && fitting.length === 0} />
          ))}
        </Stack>
      </Radio.Group>
      {keyFrom === 'stored' && (
        <Select
          label="Credential" required searchable
          data={fitting.map((c) => ({ value: c.id, label: `${c.name}  ${c.fingerprint}` }))}
          description={<>All of them are on the page <Anchor component={Link} to="/credentials" inherit underline="always">Credentials</Anchor>.</>}
          {...form.getInputProps('credentialId')}
        />
      )}
      {keyFrom === 'named' && <TextInput label="Name of the credential" required placeholder={`${provider.name}-main`} {...form.getInputProps('credentialName')} />}
      {(keyFrom === 'named' || keyFrom === 'typed') && (
        <SecretInput provider={provider} value={form.values.apiKey} onChange={(value) => form.setFieldValue('apiKey', value)} error={form.errors.apiKey} />
      )}
    </Stack>
  );
}
