// Storing a provider's key under a name.

import { Select, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { api, ask } from '../../api/client';
import { FormDialog } from '../../components/FormDialog';
import { ProblemAlert } from '../../components/Problem';
import { useDone } from '../../components/useDone';
import { providerLabel } from '../models/naming';
import { providersQuery } from '../models/queries';
import { NO_SECRET, secretFilled, secretText } from './secret';
import { SecretInput } from './SecretInput';

export function AddCredential({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const done = useDone();
  const providers = useQuery({ ...providersQuery, enabled: opened });
  const form = useForm({
    initialValues: { provider: '', name: '', apiKey: NO_SECRET },
    validate: {
      provider: (v) => (v ? null : 'Choose a provider'),
      name: (v) => (v.trim() ? null : 'Give it a name'),
      apiKey: (v) => (secretFilled(v) ? null : 'Type the key'),
    },
  });
  const provider = providers.data?.find((p) => p.name === form.values.provider);
  const close = () => {
    form.reset();
    onClose();
  };
  return (
    <FormDialog
      opened={opened} onClose={close} title="Add credential" form={form} action="Add"
      save={async (v) => {
        const body = { provider: v.provider, name: v.name.trim(), apiKey: secretText(v.apiKey) };
        const answer = await ask(api.POST('/api/credentials', { body }));
        done(`Stored ${answer.name} ${answer.fingerprint}`, answer, 'credentials');
      }}
    >
      <ProblemAlert error={providers.error} retry={() => void providers.refetch()} />
      <Select
        label="Provider" required searchable data-autofocus
        data={(providers.data ?? []).map((p) => ({ value: p.name, label: providerLabel(p.name) }))}
        {...form.getInputProps('provider')}
        onChange={(value) => form.setValues({ provider: value ?? '', apiKey: NO_SECRET })}
      />
      <TextInput label="Name" required placeholder={provider ? `${provider.name}-main` : 'openai-main'} description="What people choose when they register a model." {...form.getInputProps('name')} />
      {provider && <SecretInput provider={provider} value={form.values.apiKey} onChange={(value) => form.setFieldValue('apiKey', value)} error={form.errors.apiKey} />}
    </FormDialog>
  );
}
