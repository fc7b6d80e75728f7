// What is asked of a deployment: the provider's id of the model, its address, its parameters and its key.

import { ActionIcon, Button, Collapse, Group, Input, NumberInput, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { randomId, useDisclosure } from '@mantine/hooks';
import { IconChevronDown, IconChevronRight, IconPlus, IconTrash } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { ProviderView } from '../../api/schema';
import type { ModelValues } from './backend';
import { KeyChoice } from './KeyChoice';
import { exampleModelId, fieldLabel } from './naming';

interface Props {
  form: UseFormReturnType<ModelValues>;
  provider: ProviderView;
  /** Of the key it has now, in an edit. */
  now?: string;
  /** Further fields among the rarer ones. */
  rare?: ReactNode;
}

export function BackendFields({ form, provider, now, rare }: Props) {
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          label="Model id at the provider" required description="The provider’s own name for the model."
          placeholder={exampleModelId(provider.name)} {...form.getInputProps('modelId')}
        />
        {provider.baseUrl !== 'refused' && (
          <TextInput
            label="Base URL" required={provider.baseUrl === 'required'} type="url" placeholder="https://llm.example.com/v1"
            description={provider.baseUrl === 'required' ? 'This provider has no well-known address.' : 'Only where the provider’s own address is not meant.'}
            {...form.getInputProps('baseUrl')}
          />
        )}
        {provider.required.map((name) => (
          <TextInput key={name} label={fieldLabel(name)} required description={<code>{name}</code>} {...form.getInputProps(`params.${name}`)} value={form.values.params[name] ?? ''} />
        ))}
      </SimpleGrid>
      <KeyChoice form={form} provider={provider} now={now} />
      <Rarer form={form} provider={provider}>{rare}</Rarer>
    </>
  );
}

function Rarer({ form, provider, children }: { form: UseFormReturnType<ModelValues>; provider: ProviderView; children?: ReactNode }) {
  const v = form.values;
  const [opened, { toggle }] = useDisclosure(v.order !== '' || v.weight !== '' || v.litellmParams.length > 0 || provider.optional.some((name) => v.params[name]));
  return (
    <Stack gap="sm">
      <Group>
        <Button
          variant="subtle" color="gray" size="compact-sm" onClick={toggle} aria-expanded={opened}
          leftSection={opened ? <IconChevronDown size={15} aria-hidden /> : <IconChevronRight size={15} aria-hidden />}
        >
          Order, weight and further parameters
        </Button>
      </Group>
      <Collapse expanded={opened}>
        <Stack>
          {children}
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <NumberInput label="Order" min={0} allowDecimal={false} description="Of several deployments the lowest is called first." {...form.getInputProps('order')} />
            <NumberInput label="Weight" min={0} allowDecimal={false} description="Share of the calls among those of the same order." {...form.getInputProps('weight')} />
            {provider.optional.map((name) => (
              <TextInput key={name} label={fieldLabel(name)} description={<code>{name}</code>} {...form.getInputProps(`params.${name}`)} value={v.params[name] ?? ''} />
            ))}
          </SimpleGrid>
          <Params form={form} />
        </Stack>
      </Collapse>
    </Stack>
  );
}

function Params({ form }: { form: UseFormReturnType<ModelValues> }) {
  const rows = form.values.litellmParams;
  return (
    <Input.Wrapper
      label="Further LiteLLM parameters" labelElement="div" error={form.errors.litellmParams}
      description="Such as rpm, timeout or input_cost_per_token. Never a secret: keys belong into the key above. Numbers and JSON are taken as such."
    >
      <Stack gap="xs" mt={8}>
        {rows.map((row, n) => (
          <Group key={row.id} gap="xs" wrap="nowrap">
            <TextInput flex={1} aria-label={`Name of parameter ${n + 1}`} placeholder="rpm" {...form.getInputProps(`litellmParams.${n}.name`)} />
            <Text c="dimmed" aria-hidden>=</Text>
            <TextInput flex={1} aria-label={`Value of parameter ${n + 1}`} placeholder="100" {...form.getInputProps(`litellmParams.${n}.value`)} />
            <ActionIcon variant="subtle" color="gray" aria-label={`Remove parameter ${n + 1}`} onClick={() => form.removeListItem('litellmParams', n)}>
              <IconTrash size={16} aria-hidden />
            </ActionIcon>
          </Group>
        ))}
        <Group>
          <Button
            variant="default" size="xs" leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => form.insertListItem('litellmParams', { id: randomId(), name: '', value: '' })}
          >
            Add a parameter
          </Button>
        </Group>
      </Stack>
    </Input.Wrapper>
  );
}
