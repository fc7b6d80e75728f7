// Registering a proxy, or editing one. Its master key goes in and never comes out.

import { ActionIcon, Button, Group, Input, NumberInput, PasswordInput, Radio, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { randomId } from '@mantine/hooks';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { api, ask } from '../../api/client';
import type { EnforcementPolicy, ProxyView } from '../../api/schema';
import { FormDialog } from '../../components/FormDialog';
import { useDone } from '../../components/useDone';

interface Props {
  opened: boolean;
  onClose: () => void;
  proxy?: ProxyView;
  /** Of the registry's row, as it was read. */
  etag?: string;
}

interface Values {
  name: string;
  baseUrl: string;
  publicUrl: string;
  masterKey: string;
  labels: { id: string; name: string; value: string }[];
  cacheLagSeconds: number | string;
  enforcementPolicy: EnforcementPolicy;
}

const isUrl = (text: string) => /^https?:\/\/[^\s/]+/.test(text.trim());

export function ProxyForm({ opened, onClose, proxy, etag }: Props) {
  const done = useDone();
  const navigate = useNavigate();
  const form = useForm<Values>({
    initialValues: {
      name: proxy?.name ?? '',
      baseUrl: proxy?.baseUrl ?? '',
      publicUrl: proxy && proxy.publicUrl !== proxy.baseUrl ? proxy.publicUrl : '',
      masterKey: '',
      labels: Object.entries(proxy?.labels ?? {}).map(([name, value]) => ({ id: name, name, value })),
      cacheLagSeconds: proxy?.cacheLagSeconds ?? 60,
      enforcementPolicy: proxy?.enforcementPolicy ?? 'warn',
    },
    validate: {
      name: (v) => (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(v.trim()) ? null : 'Of a-z, 0-9 and -, such as eu-west'),
      baseUrl: (v) => (isUrl(v) ? null : 'An address, such as https://litellm.example.com'),
      publicUrl: (v) => (v.trim() === '' || isUrl(v) ? null : 'An address, such as https://llm.example.com'),
      masterKey: (v) => (v.trim() || proxy ? null : 'LiteLLM’s master key'),
    },
  });
  const v = form.values;
  const close = () => {
    form.reset();
    onClose();
  };
  const save = async (values: Values) => {
    const body = {
      name: values.name.trim(),
      baseUrl: values.baseUrl.trim(),
      publicUrl: values.publicUrl.trim() || (proxy ? values.baseUrl.trim() : undefined),
      labels: Object.fromEntries(values.labels.filter((l) => l.name.trim()).map((l) => [l.name.trim(), l.value.trim()])),
      cacheLagSeconds: values.cacheLagSeconds === '' ? undefined : Number(values.cacheLagSeconds),
      enforcementPolicy: values.enforcementPolicy,
    };
    const masterKey = values.masterKey.trim();
    if (proxy) {
      const params = { path: { id: proxy.id }, header: { 'If-Match': etag } };
      const answer = await ask(api.PATCH('/api/proxies/{id}', { params, body: { ...body, ...(masterKey && { masterKey }) } }));
      done(`Changed proxy ${answer.name}`, answer, 'proxies', 'realms', 'models');
      if (answer.name !== proxy.name) void navigate({ to: `/proxies/${answer.name}`, replace: true });
    } else {
      const answer = await ask(api.POST('/api/proxies', { body: { ...body, masterKey } }));
      done(`Registered proxy ${answer.name}`, answer, 'proxies', 'realms', 'models');
      void navigate({ to: `/proxies/${answer.name}` });
    }
  };
  return (
    <FormDialog opened={opened} onClose={close} title={proxy ? `Edit ${proxy.name}` : 'Add proxy'} form={form} save={save} action={proxy ? 'Save' : 'Add'} size="lg">
      {!proxy && <Text size="sm" c="dimmed">LiteLLM needs a database and STORE_MODEL_IN_DB=True. Everything that its realms need is put on it.</Text>}
      <TextInput label="Name" required data-autofocus placeholder="eu-west" description={proxy ? 'A realm that chooses it by its name no longer does after a change.' : undefined} {...form.getInputProps('name')} />
      <TextInput label="Admin URL" required type="url" placeholder="https://litellm.internal:4000" description="As Reeve reaches it. Better a front that drops the query string, as deploy/front.conf does." {...form.getInputProps('baseUrl')} />
      <TextInput label="Agents’ URL" type="url" placeholder={v.baseUrl || 'as the admin URL'} description="As agents reach it. Left out: the admin URL." {...form.getInputProps('publicUrl')} />
      <PasswordInput
        label="Master key" required={!proxy} autoComplete="off" data-1p-ignore data-lpignore="true" spellCheck={false}
        description={proxy ? 'Left out, the one it has stays. It is never shown.' : 'LiteLLM’s own. Sealed at once, never shown again.'} {...form.getInputProps('masterKey')}
      />
      <Input.Wrapper label="Labels" labelElement="div" description="Realms choose proxies by them, such as region = eu." error={form.errors.labels}>
        <Stack gap="xs" mt={8}>
          {v.labels.map((label, n) => (
            <Group key={label.id} gap="xs" wrap="nowrap">
              <TextInput flex={1} aria-label={`Name of label ${n + 1}`} placeholder="region" {...form.getInputProps(`labels.${n}.name`)} />
              <Text c="dimmed" aria-hidden>=</Text>
              <TextInput flex={1} aria-label={`Value of label ${n + 1}`} placeholder="eu" {...form.getInputProps(`labels.${n}.value`)} />
              <ActionIcon variant="subtle" color="gray" aria-label={`Remove label ${n + 1}`} onClick={() => form.removeListItem('labels', n)}><IconTrash size={16} aria-hidden /></ActionIcon>
            </Group>
          ))}
          <Group>
            <Button variant="default" size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => form.insertListItem('labels', { id: randomId(), name: '', value: '' })}>Add a label</Button>
          </Group>
        </Stack>
      </Input.Wrapper>
      <NumberInput
        label="Cache lag, seconds" min={0} max={3600} allowDecimal={false}
        description="How long its instances may go on serving what was taken away; a revocation is shown as done when it was refused for longer. 0 for a proxy of one instance."
        {...form.getInputProps('cacheLagSeconds')}
      />
      <Radio.Group label="Enforcement" value={v.enforcementPolicy} onChange={(value) => form.setFieldValue('enforcementPolicy', value === 'require' ? 'require' : 'warn')}>
        <Stack gap={8} mt={6}>
          <Radio value="warn" label="Warn" description="A check that does not hold is shown." />
          <Radio value="require" label="Require" description="Nobody may use anything on it until every check was seen to hold." />
        </Stack>
      </Radio.Group>
    </FormDialog>
  );
}
