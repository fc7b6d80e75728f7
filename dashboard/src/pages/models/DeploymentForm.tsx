// One more deployment of a model, or an edit of one.

import { Select } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { api, ask, ifMatch } from '../../api/client';
import type { ProviderView, SyncedDeploymentView, SyncedModelView } from '../../api/schema';
import { Dialog } from '../../components/Dialog';
import { FormDialog } from '../../components/FormDialog';
import { Loaded } from '../../components/Page';
import { useDone } from '../../components/useDone';
import { NO_SECRET } from '../credentials/secret';
import { BackendFields } from './BackendFields';
import { editBody, missing, NEW_MODEL, newBody, testBody, valuesOf, withCredential, type ModelValues } from './backend';
import { ConnectionTest } from './ConnectionTest';
import { providerLabel } from './naming';
import { providersQuery } from './queries';

interface Props {
  opened: boolean;
  onClose: () => void;
  model: SyncedModelView;
  deployment?: SyncedDeploymentView;
  /** Of its key, such as "the key ...wxyz". */
  now?: string;
}

export function DeploymentForm(props: Props) {
  const { opened, onClose, model } = props;
  const providers = useQuery({ ...providersQuery, enabled: opened });
  // Which parameters have a field of their own is known by the provider alone.
  if (providers.data) return <Form {...props} providers={providers.data} />;
  return <Dialog beside opened={opened} onClose={onClose} title={model.name} size="xl"><Loaded query={providers}>{() => null}</Loaded></Dialog>;
}

function Form({ opened, onClose, model, deployment, now, providers }: Props & { providers: ProviderView[] }) {
  const done = useDone();
  const provider = (name: string) => providers.find((p) => p.name === name);
  const initial = deployment ? valuesOf(deployment, provider(deployment.provider)) : { ...NEW_MODEL, provider: model.provider };
  const form = useForm<ModelValues>({ initialValues: initial, validate: (v) => missing(v, provider(v.provider), false) });
  const chosen = provider(form.values.provider);
  const close = () => {
    form.reset();
    onClose();
  };
  const save = async (values: ModelValues) => {
    const v = await withCredential(values, (id) => form.setValues({ keyFrom: 'stored', credentialId: id, apiKey: NO_SECRET }));
    if (deployment) {
      const params = { path: { id: model.id, deploymentId: deployment.id }, header: ifMatch(deployment.version) };
      done('Changed the deployment', await ask(api.PATCH('/api/models/{id}/deployments/{deploymentId}', { params, body: editBody(v) })), 'models', 'credentials');
    } else {
      done('Added a deployment', await ask(api.POST('/api/models/{id}/deployments', { params: { path: { id: model.id } }, body: newBody(v) })), 'models', 'credentials');
    }
  };
  return (
    <FormDialog
      opened={opened} onClose={close} form={form} save={save} size="xl" action={deployment ? 'Save' : 'Add'}
      title={deployment ? `Edit a deployment of ${model.name}` : `Add a deployment to ${model.name}`}
    >
      <Select
        label="Provider" required searchable allowDeselect={false} disabled={Boolean(deployment)}
        description={deployment ? 'It stays: another provider is another deployment.' : 'The name that callers say does not change.'}
        data={providers.map((p) => ({ value: p.name, label: providerLabel(p.name) }))}
        {...form.getInputProps('provider')}
        onChange={(value) => form.setValues({ provider: value ?? '', params: {}, apiKey: NO_SECRET, credentialId: null })}
      />
      {chosen && (
        <>
          <BackendFields key={chosen.name} form={form} provider={chosen} now={now} />
          {form.values.keyFrom !== 'kept' && (
            <ConnectionTest
              body={() => {
                const errors = missing(form.values, chosen, false);
                form.setErrors(errors);
                return Object.keys(errors).length > 0 ? null : testBody(form.values);
              }}
            />
          )}
        </>
      )}
    </FormDialog>
  );
}
