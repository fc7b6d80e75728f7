// Setting another password.

import { PasswordInput, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, ask } from '../../api/client';
import { FormDialog } from '../../components/FormDialog';
import { useDone } from '../../components/useDone';

const SHORTEST = 12;

export function ChangePassword({ email, opened, onClose }: { email: string; opened: boolean; onClose: () => void }) {
  const done = useDone();
  const form = useForm({
    initialValues: { currentPassword: '', newPassword: '', again: '' },
    validate: {
      currentPassword: (v) => (v ? null : 'The one that you have now.'),
      newPassword: (v) => (v.length >= SHORTEST ? null : `At least ${SHORTEST} characters.`),
      again: (v, all) => (v === all.newPassword ? null : 'The two passwords are not the same.'),
    },
  });
  const close = () => {
    form.reset();
    onClose();
  };
  return (
    <FormDialog
      opened={opened} onClose={close} title="Change password" form={form} action="Change it"
      save={async ({ currentPassword, newPassword }) => {
        await ask(api.POST('/api/me/password', { body: { currentPassword, newPassword } }));
        done('The password is changed, and your other sessions have ended', undefined, 'access');
      }}
    >
      {/* For password managers, which keep it under the email. */}
      <TextInput label="Email" readOnly value={email} autoComplete="username" />
      <PasswordInput label="Present password" required autoComplete="current-password" data-autofocus {...form.getInputProps('currentPassword')} />
      <PasswordInput label="New password" required autoComplete="new-password" description={`At least ${SHORTEST} characters.`} {...form.getInputProps('newPassword')} />
      <PasswordInput label="Once more" required autoComplete="new-password" {...form.getInputProps('again')} />
      <Text size="sm" c="dimmed">This session stays; your others end.</Text>
    </FormDialog>
  );
}
