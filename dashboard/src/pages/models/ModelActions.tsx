// What can be done with a model: edit, deactivate, freeze, delete.

import { Button, Checkbox, NumberInput, Stack, Text, Textarea } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconPencil, IconPlayerPause, IconPlayerPlay, IconSnowflake, IconTrash } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, ask, ifMatch } from '../../api/client';
import { useCan } from '../../api/me';
import type { ModelStatus, SyncedModelView } from '../../api/schema';
import { ActionMenu } from '../../components/ActionMenu';
import { AtOpening } from '../../components/AtOpening';
import { Confirm } from '../../components/Confirm';
import { FormDialog } from '../../components/FormDialog';
import { useDone } from '../../components/useDone';
import { FreezeDialog } from '../freezes/Freeze';
import { Losing } from './Losing';

type Dialog = 'edit' | 'status' | 'freeze' | 'delete';

export function ModelActions({ model }: { model: SyncedModelView }) {
  const can = useCan();
  const done = useDone();
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<Dialog>();
  const close = () => setDialog(undefined);
  const params = { path: { id: model.id }, header: ifMatch(model.version) };
  const active = model.status === 'active';
  const setStatus = async (status: ModelStatus) => {
    const answer = await ask(api.PATCH('/api/models/{id}', { params, body: { status } }));
    done(status === 'active' ? `${model.name} is active` : `${model.name} is inactive`, answer, 'models', 'realms', 'agents');
  };
  const remove = async () => {
    const answer = await ask(api.DELETE('/api/models/{id}', { params }));
    await navigate({ to: '/models' });
    done(`Deleted ${model.name}`, answer, 'models', 'realms', 'agents', 'credentials');
  };
  const [writes, freezes] = [can('models:write'), can('freezes:write')];
  if (!writes && !freezes) return null;
  return (
    <>
      {writes && <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setDialog('edit')}>Edit</Button>}
      <ActionMenu
        actions={[
          writes && { label: active ? 'Deactivate' : 'Activate', icon: active ? IconPlayerPause : IconPlayerPlay, run: () => setDialog('status') },
          freezes && !model.frozen && { label: 'Freeze', icon: IconSnowflake, run: () => setDialog('freeze') },
          writes && { label: 'Delete', icon: IconTrash, bad: true, run: () => setDialog('delete') },
        ]}
      />
      <AtOpening opened={dialog === 'edit'} value={model} version={model.version}>{(model) => <EditModel opened={dialog === 'edit'} onClose={close} model={model} />}</AtOpening>
      <FreezeDialog opened={dialog === 'freeze'} onClose={close} kind="model" id={model.id} name={model.name}>
        <Stack gap="xs">
          <Text size="sm">Every proxy stops serving it at once. Its grants stay and it goes on with them when it is unfrozen.</Text>
          <Losing id={model.id} />
        </Stack>
      </FreezeDialog>
      <Confirm opened={dialog === 'status' && active} onClose={close} title={`Deactivate ${model.name}`} action="Deactivate" run={() => setStatus('inactive')}>
        <Stack gap="xs">
          <Text size="sm">It is taken off every proxy and nobody can call it. Its entry and its grants stay, so it can be activated again.</Text>
          <Losing id={model.id} />
        </Stack>
      </Confirm>
      <Confirm opened={dialog === 'status' && !active} onClose={close} title={`Activate ${model.name}`} action="Activate" harmless run={() => setStatus('active')}>
        It goes back on the proxies, and the realms with a grant on it may use it again.
      </Confirm>
      <Confirm opened={dialog === 'delete'} onClose={close} title={`Delete ${model.name}`} action="Delete" name={model.litellmModelName} run={remove}>
        <Stack gap="xs">
          <Text size="sm">Its entry, its deployments and its grants are gone, and it leaves every proxy. This cannot be undone.</Text>
          <Losing id={model.id} />
        </Stack>
      </Confirm>
    </>
  );
}

function EditModel({ opened, onClose, model }: { opened: boolean; onClose: () => void; model: SyncedModelView }) {
  const done = useDone();
  const form = useForm<{ description: string; maxTokens: number | string; everywhere: boolean }>({
    initialValues: { description: model.description, maxTokens: model.maxTokens ?? '', everywhere: model.everywhere },
  });
  return (
    <FormDialog
      opened={opened} onClose={onClose} title={`Edit ${model.name}`} form={form}
      save={async (v) => {
        const body = { description: v.description.trim(), maxTokens: v.maxTokens === '' ? null : Number(v.maxTokens), everywhere: v.everywhere };
        done(`Changed ${model.name}`, await ask(api.PATCH('/api/models/{id}', { params: { path: { id: model.id }, header: ifMatch(model.version) }, body })), 'models');
      }}
    >
      <Text size="sm" c="dimmed">Name and provider stay. What the proxies call is edited in the deployments.</Text>
      <Textarea label="Description" autosize minRows={2} data-autofocus {...form.getInputProps('description')} />
      <NumberInput label="Max tokens" min={1} allowDecimal={false} thousandSeparator description="Told to agents, not enforced." {...form.getInputProps('maxTokens')} />
      <Checkbox label="On every proxy" description="Else only where a realm with a grant on it is served." {...form.getInputProps('everywhere', { type: 'checkbox' })} />
    </FormDialog>
  );
}
