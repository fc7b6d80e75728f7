// The form for an API token.

import { Select, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { ShownApiToken } from '../../api/schema';
import { FormDialog } from '../../components/FormDialog';
import { useDone } from '../../components/useDone';
import { goodName } from './names';
import { missingRights, noRights, rightsBody, RightsFields } from './RightsFields';

const DAYS = [
  { value: '7', label: 'In a week' },
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
  { value: 'at', label: 'At a time of its own' },
];

interface Props {
  opened: boolean;
  onClose: () => void;
  onMade: (token: ShownApiToken) => void;
}

export function NewToken({ opened, onClose, onMade }: Props) {
  const can = useCan();
  const done = useDone();
  const form = useForm({
    initialValues: { name: '', rights: noRights(false), days: '90', expiresAt: '' },
    validate: {
      name: goodName,
      rights: missingRights,
      expiresAt: (at, { days }) => (days !== 'at' || new Date(at) > new Date() ? null : 'Choose a time from now on.'),
    },
  });
  const close = () => {
    form.reset();
    onClose();
  };
  return (
    <FormDialog
      opened={opened} onClose={close} title="New API token" form={form} action="Make it" size="lg"
      save={async ({ name, rights, days, expiresAt }) => {
        const end = days === 'at' ? new Date(expiresAt) : new Date(Date.now() + Number(days) * 86_400_000);
        const body = { name, ...rightsBody(rights), expiresAt: end.toISOString() };
        onMade(await ask(api.POST('/api/tokens', { body })));
        done(`Made the token ${name}`, undefined, 'access', 'audit');
      }}
    >
      <TextInput label="Name" required data-autofocus autoComplete="off" placeholder="deploy" description="What the audit calls whoever holds it." {...form.getInputProps('name')} />
      <RightsFields needs="tokens:write" value={form.values.rights} onChange={(rights) => form.setFieldValue('rights', rights)} error={form.errors.rights} />
      {!can('tokens:write') && <Text size="sm" c="dimmed">You may make tokens for the realms that you rule.</Text>}
      <Select label="Ends" allowDeselect={false} data={DAYS} {...form.getInputProps('days')} />
      {form.values.days === 'at' && <TextInput label="At" type="datetime-local" description="Your local time, within 366 days." required {...form.getInputProps('expiresAt')} />}
    </FormDialog>
  );
}
