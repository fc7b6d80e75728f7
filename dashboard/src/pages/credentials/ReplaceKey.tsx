// A new key in place of a credential's, on every proxy that calls with it; first tried out, when that is wished.

import { Alert, Checkbox, Select, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { api, ask, ifMatch } from '../../api/client';
import type { CredentialView, SyncedModelView } from '../../api/schema';
import { FormDialog } from '../../components/FormDialog';
import { useDone } from '../../components/useDone';
import { count, listed } from '../models/naming';
import { providersQuery } from '../models/queries';
import { NO_SECRET, secretFilled, secretText } from './secret';
import { SecretInput } from './SecretInput';

interface Props {
  credential: CredentialView;
  /** Models that call with it; `undefined`: not readable. */
  users?: SyncedModelView[];
  onClose: () => void;
}

export function ReplaceKey({ credential, users: known, onClose }: Props) {
  const users = known ?? [];
  const done = useDone();
  const providers = useQuery(providersQuery);
  const provider = providers.data?.find((p) => p.name === credential.provider);
  // Only a model that is on a proxy can be called there.
  const placed = users.filter((m) => m.status === 'active' && m.sync.proxies.some((p) => p.state === 'applied'));
  const form = useForm({
    initialValues: { apiKey: NO_SECRET, tryOut: placed.length > 0, canaryModel: placed[0]?.id ?? null },
    validate: {
      apiKey: (v) => (secretFilled(v) ? null : 'Type the new key'),
      canaryModel: (v, all) => (all.tryOut && !v ? 'Choose a model to try it with' : null),
    },
  });
  return (
    <FormDialog
      opened onClose={onClose} title={`Replace the key of ${credential.name}`} form={form} action="Replace"
      save={async (v) => {
        const params = { path: { id: credential.id }, header: ifMatch(credential.version) };
        const body = { apiKey: secretText(v.apiKey), canaryModel: v.tryOut ? v.canaryModel : undefined };
        const answer = await ask(api.PATCH('/api/credentials/{id}', { params, body }));
        done(`${credential.name} is ${answer.fingerprint} now`, answer, 'credentials', 'models');
      }}
    >
      <Text size="sm">
        {users.length > 0
          ? `${listed(users.slice(0, 4).map((m) => m.name).concat(users.length > 4 ? [`${users.length - 4} more`] : []))} ${users.length === 1 ? 'calls' : 'call'} with it. Every proxy gets the new key; calls go on meanwhile with the old one.`
          : known ? 'No model calls with it yet.' : 'Which models call with it is not known here; every proxy gets the new key.'}{' '}
        The key now is <Text span inherit ff="monospace">{credential.fingerprint}</Text>.
      </Text>
      <SecretInput provider={provider} label="New API key" value={form.values.apiKey} onChange={(value) => form.setFieldValue('apiKey', value)} error={form.errors.apiKey} />
      <Checkbox
        label="Try it out first" disabled={placed.length === 0}
        description={placed.length === 0 ? 'For that a model that calls with it has to be on a proxy.' : 'Every proxy that has the model makes one real, billed call with the new key. Where one fails, nothing is changed.'}
        {...form.getInputProps('tryOut', { type: 'checkbox' })}
      />
      {form.values.tryOut && (
        <Select
          label="Canary model" required searchable description={`${count(placed.length, 'model')} on the proxies ${placed.length === 1 ? 'calls' : 'call'} with it.`}
          data={placed.map((m) => ({ value: m.id, label: m.litellmModelName }))} {...form.getInputProps('canaryModel')}
        />
      )}
      {!form.values.tryOut && placed.length > 0 && (
        <Alert color="yellow" variant="outline" role="status">
          <Text size="sm">Not tried out: a wrong key stops {count(users.length, 'model')} at once.</Text>
        </Alert>
      )}
    </FormDialog>
  );
}
