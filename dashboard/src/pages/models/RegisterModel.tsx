// Registering a model: whose it is, what it is called, and what its proxies call.

import { Button, Checkbox, Group, NumberInput, SimpleGrid, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { ProviderView } from '../../api/schema';
import { Loaded } from '../../components/Page';
import { FormDialog } from '../../components/FormDialog';
import { useDone } from '../../components/useDone';
import { NO_SECRET } from '../credentials/secret';
import { BackendFields } from './BackendFields';
import { missing, NEW_MODEL, newBody, testBody, withCredential, type ModelValues } from './backend';
import { ConnectionTest } from './ConnectionTest';
import { modelSlug, providerLabel } from './naming';
import { ProviderChoice } from './ProviderChoice';
import { allCredentialsQuery, providersQuery } from './queries';

export function RegisterModel({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const can = useCan();
  const done = useDone();
  const navigate = useNavigate();
  const providers = useQuery({ ...providersQuery, enabled: opened });
  const credentials = useQuery({ ...allCredentialsQuery, enabled: opened && can('credentials:read') });
  const form = useForm<ModelValues>({
    initialValues: NEW_MODEL,
    validate: (v) => missing(v, providers.data?.find((p) => p.name === v.provider), true),
  });
  const v = form.values;
  const provider = providers.data?.find((p) => p.name === v.provider);

  const choose = (p: ProviderView) => {
    const stored = (credentials.data ?? []).filter((c) => c.provider === p.name);
    form.setValues({
      ...form.values,
      provider: p.name,
      params: {},
      apiKey: NO_SECRET,
      credentialId: stored.length === 1 ? (stored[0]?.id ?? null) : null,
      credentialName: '',
      keyFrom: stored.length > 0 ? 'stored' : p.secret === 'optional' ? 'none' : can('credentials:write') ? 'named' : 'typed',
    });
    form.clearErrors();
  };
  const close = () => {
    form.reset();
    onClose();
  };
  const save = async (values: ModelValues) => {
    const ready = await withCredential(values, (id) => form.setValues({ keyFrom: 'stored', credentialId: id, apiKey: NO_SECRET }));
    const body = {
      ...newBody(ready),
      name: values.name.trim(),
      description: values.description.trim() || undefined,
      maxTokens: values.maxTokens === '' ? undefined : Number(values.maxTokens),
      everywhere: values.everywhere,
    };
    const model = await ask(api.POST('/api/models', { body }));
    done(`Registered ${model.litellmModelName}`, model, 'models', 'credentials');
    void navigate({ to: `/models/${model.id}` });
  };
  return (
    <FormDialog opened={opened} onClose={close} title="Register model" form={form} save={save} action="Register" size="xl">
      {!provider && <Loaded query={providers}>{(items) => <ProviderChoice providers={items} choose={choose} error={form.errors.provider} />}</Loaded>}
      {provider && (
        <>
          <Group justify="space-between">
            <Text size="sm"><Text span inherit c="dimmed">Provider </Text><Text span inherit fw={600}>{providerLabel(provider.name)}</Text></Text>
            <Button variant="subtle" size="compact-sm" onClick={() => form.setFieldValue('provider', '')}>Another provider</Button>
          </Group>
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <TextInput
              label="Name" required data-autofocus autoFocus placeholder="GPT-4o"
              description={<>Callers say <Text span inherit ff="monospace" c="var(--mantine-color-text)">{provider.name}/{modelSlug(v.name) || '…'}</Text>, for good.</>}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              {...form.getInputProps('name')}
            />
            <TextInput label="Description" placeholder="What it is good for" {...form.getInputProps('description')} />
          </SimpleGrid>
          <BackendFields
            key={provider.name}
            form={form}
            provider={provider}
            rare={
              <SimpleGrid cols={{ base: 1, sm: 2 }}>
                <NumberInput label="Max tokens" min={1} allowDecimal={false} thousandSeparator description="Told to agents, not enforced." {...form.getInputProps('maxTokens')} />
                <Checkbox
                  mt={{ sm: 26 }} label="On every proxy"
                  description="Else only where a realm with a grant on it is served." {...form.getInputProps('everywhere', { type: 'checkbox' })}
                />
              </SimpleGrid>
            }
          />
          <ConnectionTest
            body={() => {
              const errors = { ...missing(v, provider, true) };
              delete errors.name;
              form.setErrors(errors);
              return Object.keys(errors).length > 0 ? null : testBody(v);
            }}
          />
        </>
      )}
    </FormDialog>
  );
}
