// Stopping a realm everywhere, with a reason that agents and colleagues are told; and letting it go on.

import { Alert, Textarea } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconSnowflake } from '@tabler/icons-react';
import { api, ask } from '../../api/client';
import type { SyncedRealmView } from '../../api/schema';
import { Confirm } from '../../components/Confirm';
import { FormDialog } from '../../components/FormDialog';
import { useDone } from '../../components/useDone';
import { Whom } from './Whom';

interface Props {
  realm: SyncedRealmView;
  opened: boolean;
  onClose: () => void;
}

const CONCERNED = ['realms', 'freezes', 'agents', 'changes', 'overview', 'audit'];

export function FreezeRealm({ realm, opened, onClose }: Props) {
  const form = useForm({ initialValues: { reason: '' }, validate: { reason: (v) => (v.trim() ? null : 'Say why: agents and colleagues are told') } });
  const done = useDone();
  const save = async ({ reason }: { reason: string }) => {
    const answer = await ask(api.POST('/api/freezes', { body: { kind: 'realm', name: realm.id, reason: reason.trim() } }));
    done(`Froze ${realm.name}`, answer, ...CONCERNED);
  };
  return (
    <FormDialog opened={opened} onClose={onClose} title={`Freeze ${realm.name}`} form={form} save={save} action="Freeze it now">
      {opened && (
        <Alert color="blue" variant="outline" icon={<IconSnowflake aria-hidden />} title="Who is stopped">
          <Whom realm={realm} /> Their keys are blocked on every proxy now, and each proxy is asked until it was proven to refuse them. Grants, members and
          choices stay as they are.
        </Alert>
      )}
      <Textarea label="Reason" description="Agents and colleagues see it." autosize minRows={2} maxLength={500} required data-autofocus {...form.getInputProps('reason')} />
    </FormDialog>
  );
}

export function UnfreezeRealm({ realm, opened, onClose }: Props) {
  const done = useDone();
  const run = async () => {
    const answer = await ask(api.DELETE('/api/freezes/{kind}/{id}', { params: { path: { kind: 'realm', id: realm.id } } }));
    done(`${realm.name} goes on`, answer, ...CONCERNED);
  };
  return (
    <Confirm opened={opened} onClose={onClose} title={`Let ${realm.name} go on`} action="Let it go on" harmless run={run}>
      Its agents may call again, with exactly what the realm has now: {realm.grants === 1 ? '1 grant' : `${realm.grants} grants`} and the same keys.
    </Confirm>
  );
}
