// Manual: a config that an admin types. The key goes in and never comes out.

import { Autocomplete, NumberInput, PasswordInput, SimpleGrid, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { Problem } from '../../../api/problem';
import type { FormProps } from './ModePanel';
import { SaveBar } from './SaveBar';
import { useSave } from './useSave';

/** Suggestions; the API knows all. */
const PROVIDERS = ['openai-compatible', 'openai', 'anthropic', 'azure', 'bedrock', 'gemini', 'vertex_ai', 'mistral', 'groq', 'openrouter', 'ollama', 'vllm'];

interface Values {
  provider: string;
  baseUrl: string;
  model: string;
  apiKey: string;
  maxTokens: number | string;
  systemPrompt: string;
}

export function ManualForm({ config, mayWrite, save }: FormProps) {
  const typed = config.mode === 'manual' ? config.config : undefined;
  const { busy, error, run } = useSave();
  // A typed key is there although nothing is shown of it.
  const keyKept = config.mode === 'manual' && config.detail?.code !== 'no-api-key';
  const missing = (what: string) => (text: string) => (text.trim() ? null : `${what} is missing.`);
  const form = useForm<Values>({
    initialValues: {
      provider: typed?.provider ?? '',
      baseUrl: typed?.baseUrl ?? '',
      model: typed?.model ?? '',
      apiKey: '',
      maxTokens: typed?.maxTokens ?? '',
      systemPrompt: typed?.systemPrompt ?? '',
    },
    validate: {
      provider: missing('The provider'),
      baseUrl: missing('The base URL'),
      model: missing('The model'),
      apiKey: (key) => (keyKept || key ? null : 'The key that the agent is to use is missing.'),
    },
  });
  const refused = (thrown: unknown) => {
    const problem = Problem.from(thrown);
    if (!problem.field || !(problem.field in form.getValues())) return false;
    form.setFieldError(problem.field, problem.message);
    return true;
  };
  const submit = form.onSubmit((values) =>
    run(async () => {
      await save({
        mode: 'manual',
        provider: values.provider.trim(),
        baseUrl: values.baseUrl.trim(),
        model: values.model.trim(),
        ...(values.apiKey ? { apiKey: values.apiKey } : {}),
        maxTokens: typeof values.maxTokens === 'number' ? values.maxTokens : null,
        systemPrompt: values.systemPrompt.trim() || null,
      });
      form.setFieldValue('apiKey', '');
    }, refused),
  );
  if (config.mode === 'manual' && !typed && keyKept) {
    return <Text size="sm">What was typed is kept, and not shown while the agent may use nothing. It can be edited when that is over.</Text>;
  }
  return (
    <form onSubmit={submit} noValidate>
      <fieldset disabled={!mayWrite} style={{ border: 0, padding: 0, margin: 0, minWidth: 0 }}>
        <Stack>
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <Autocomplete label="Provider" required data={PROVIDERS} placeholder="openai-compatible" {...form.getInputProps('provider')} />
            <TextInput label="Model" required description="Its name at the provider" placeholder="gpt-4o" {...form.getInputProps('model')} inputWrapperOrder={['label', 'input', 'description', 'error']} />
          </SimpleGrid>
          <TextInput label="Base URL" required type="url" placeholder="https://api.example.com/v1" {...form.getInputProps('baseUrl')} />
          <PasswordInput
            label="Key"
            required={!keyKept}
            autoComplete="off"
            placeholder={keyKept ? 'Kept as it is' : undefined}
            description={keyKept ? 'A key is set. Type one only to replace it.' : 'Sealed at once, shown to the agent alone.'}
            {...form.getInputProps('apiKey')}
          />
          <NumberInput label="Max tokens" placeholder="No limit said" min={1} max={100_000_000} allowDecimal={false} thousandSeparator="," w={{ base: '100%', sm: 200 }} {...form.getInputProps('maxTokens')} />
          <Textarea label="System prompt" autosize minRows={2} maxRows={10} maxLength={32_768} {...form.getInputProps('systemPrompt')} />
          {mayWrite && (
            <SaveBar busy={busy} error={error} disabled={config.mode === 'manual' && !form.isDirty()}>
              The agent calls this address by itself: no realm, no proxy and no budget of Reeve stands in between.
            </SaveBar>
          )}
        </Stack>
      </fieldset>
    </form>
  );
}
