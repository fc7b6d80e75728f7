// Taking a deployment that somebody else made into the registry: it keeps its id and its name and goes on working.

import { Alert, Button, Code, Group, Radio, Select, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { DriftView, ForeignDeployment, ProviderView, ProxyView } from '../../api/schema';
import { Dialog } from '../../components/Dialog';
import { FormDialog } from '../../components/FormDialog';
import { Loaded } from '../../components/Page';
import { Facts } from '../../components/Panel';
import { useDone } from '../../components/useDone';
import { NO_SECRET, secretFilled, secretText, type Secret } from '../credentials/secret';
import { SecretInput } from '../credentials/SecretInput';
import { listed, providerLabel } from '../models/naming';
import { allCredentialsQuery, providersQuery } from '../models/queries';

interface Props {
  proxy: ProxyView;
  drift: DriftView;
  found: ForeignDeployment;
  onClose: () => void;
}

interface Values {
  provider: string;
  keyFrom: 'stored' | 'typed' | 'none';
  credentialId: string | null;
  apiKey: Secret;
}

/** The provider that its upstream model names, as the API reads it; where it cannot be told, the form asks. */
function guess(found: ForeignDeployment, providers: ProviderView[]): string {
  const prefix = found.upstreamModel.split('/')[0] ?? '';
  if (prefix === 'openai' && found.baseUrl) return 'openai-compatible';
  const known: Record<string, string> = { hosted_vllm: 'vllm', ollama_chat: 'ollama', sagemaker_chat: 'sagemaker', cohere_chat: 'cohere' };
  const name = known[prefix] ?? prefix;
  return providers.some((p) => p.name === name) ? name : '';
}

export function AdoptDeployment({ proxy, drift, found, onClose }: Props) {
  const providers = useQuery(providersQuery);
  const why = found.inFile
    ? 'It stands in the proxy’s configuration file, which nobody can change over its API. Register the model here, then take it out of the file.'
    : found.blocked
      ? 'It is blocked there. Unblock it on the proxy, or remove it there.'
      : undefined;
  if (why) {
    return (
      <Dialog opened onClose={onClose} title={`${drift.name} cannot be taken over`}>
        <Stack>
          <Text size="sm">{why}</Text>
          <Group justify="flex-end"><Button variant="default" onClick={onClose} data-autofocus>Close</Button></Group>
        </Stack>
      </Dialog>
    );
  }
  if (!providers.data) return <Dialog beside opened onClose={onClose} title={drift.name}><Loaded query={providers}>{() => null}</Loaded></Dialog>;
  return <AdoptForm {...{ proxy, drift, found, onClose }} providers={providers.data} />;
}

function AdoptForm({ proxy, drift, found, onClose, providers }: Props & { providers: ProviderView[] }) {
  const can = useCan();
  const done = useDone();
  const stored = useQuery({ ...allCredentialsQuery, enabled: can('credentials:read') });
  const form = useForm<Values>({
    initialValues: { provider: guess(found, providers), keyFrom: can('credentials:read') ? 'stored' : 'typed', credentialId: null, apiKey: NO_SECRET },
    validate: {
      provider: (v) => (v ? null : 'Choose whose model it is'),
      credentialId: (v, all) => (all.keyFrom === 'stored' && !v ? 'Choose a credential' : null),
      apiKey: (v, all) => (all.keyFrom === 'typed' && !secretFilled(v) ? 'Type the key' : null),
    },
  });
  const v = form.values;
  const provider = providers.find((p) => p.name === v.provider);
  const fitting = (stored.data ?? []).filter((c) => c.provider === v.provider);
  const params = Object.entries(found.litellmParams);
  return (
    <FormDialog
      opened onClose={onClose} title={`Take over ${drift.name}`} form={form} action="Take over" size="lg"
      save={async (values) => {
        const body = {
          litellmId: drift.externalId,
          provider: values.provider,
          credentialId: values.keyFrom === 'stored' ? values.credentialId : undefined,
          apiKey: values.keyFrom === 'typed' ? secretText(values.apiKey) : undefined,
        };
        const answer = await ask(api.POST('/api/proxies/{id}/adopt/deployment', { params: { path: { id: proxy.id } }, body }));
        done(`Took over ${answer.litellmModelName}`, answer, 'proxies', 'models', 'observe');
      }}
    >
      <Text size="sm">
        It becomes a deployment of the model <Code>{drift.name}</Code>, keeps its id, and whoever calls it goes on. When there is no such model, it is made, on every proxy.
      </Text>
      <Facts
        items={[
          ['It calls', <Code key="m">{found.upstreamModel}</Code>],
          ['Base URL', found.baseUrl],
          ['Order', found.order],
          ['Weight', found.weight],
          ['Parameters it keeps', params.length > 0 && listed(params.map(([name]) => name))],
          ['The proxy’s own credential', found.litellmCredential],
        ]}
      />
      {found.hidden.length > 0 && (
        <Alert color="yellow" variant="outline" role="status"><Text size="sm">Nobody can read its {listed(found.hidden)}. What is no part of the key below cannot be kept, and is refused.</Text></Alert>
      )}
      <Select
        label="Provider" required searchable data={providers.map((p) => ({ value: p.name, label: providerLabel(p.name) }))}
        {...form.getInputProps('provider')} onChange={(value) => form.setValues({ provider: value ?? '', credentialId: null, apiKey: NO_SECRET })}
      />
      <Radio.Group
        label="Provider key" description="Nobody can read the one that it has. It calls with this one from then on." value={v.keyFrom}
        onChange={(value) => form.setFieldValue('keyFrom', value === 'stored' ? 'stored' : value === 'none' ? 'none' : 'typed')}
      >
        <Stack gap={8} mt={8}>
          {can('credentials:read') && <Radio value="stored" label="A credential" />}
          <Radio value="typed" label="A key for this deployment alone" />
          {provider?.secret === 'optional' && <Radio value="none" label="No key" description="The backend asks for none." />}
        </Stack>
      </Radio.Group>
      {v.keyFrom === 'stored' && (
        <Select
          label="Credential" required searchable nothingFoundMessage="None of this provider" data={fitting.map((c) => ({ value: c.id, label: `${c.name}  ${c.fingerprint}` }))}
          {...form.getInputProps('credentialId')}
        />
      )}
      {v.keyFrom === 'typed' && <SecretInput provider={provider} value={v.apiKey} onChange={(value) => form.setFieldValue('apiKey', value)} error={form.errors.apiKey} />}
    </FormDialog>
  );
}
