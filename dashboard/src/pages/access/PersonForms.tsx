// Inviting a person, and editing what one is called and may do.

import { Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { api, ask, ifMatch } from '../../api/client';
import { useCan, useMe } from '../../api/me';
import type { InvitedPerson, PersonView } from '../../api/schema';
import { FormDialog } from '../../components/FormDialog';
import { useDone } from '../../components/useDone';
import { providersQuery, useRealms } from './queries';
import { roleText } from './Rights';
import { giveBody, givenRole, missingIn, RoleFields } from './RoleFields';

interface InviteProps {
  opened: boolean;
  onClose: () => void;
  onInvited: (person: InvitedPerson) => void;
}

export function InvitePerson({ opened, onClose, onInvited }: InviteProps) {
  const done = useDone();
  const form = useForm({
    initialValues: { email: '', name: '', roles: [givenRole()] },
    validate: { email: (v) => (v.includes('@') ? null : 'Their email.'), roles: (v) => missingIn(v) },
  });
  const close = () => {
    form.reset();
    onClose();
  };
  return (
    <FormDialog
      opened={opened} onClose={close} title="Invite somebody" form={form} action="Make the link"
      save={async ({ email, name, roles }) => {
        const body = { email: email.trim(), name: name.trim() || undefined, roles: giveBody(roles) };
        const person = await ask(api.POST('/api/people', { body }));
        onInvited(person);
        done(`Invited ${person.name}`, undefined, 'access', 'audit');
      }}
    >
      <TextInput label="Email" required type="email" autoComplete="off" data-autofocus description="They sign in with it." {...form.getInputProps('email')} />
      <TextInput label="Name" autoComplete="off" description="How they are shown. Left out: the email." {...form.getInputProps('name')} />
      <RoleFields label="Roles" none="Without a role they can sign in and see nothing." value={form.values.roles} onChange={(roles) => form.setFieldValue('roles', roles)} error={form.errors.roles} />
      <Text size="sm" c="dimmed">You get a link for them, good once, for three days. Nothing is sent.</Text>
    </FormDialog>
  );
}

export function EditPerson({ person, opened, onClose }: { person: PersonView; opened: boolean; onClose: () => void }) {
  const can = useCan();
  const me = useMe();
  const done = useDone();
  const { nameOf } = useRealms();
  const providers = useQuery({ ...providersQuery, enabled: opened && can('access:read') }).data;
  const own = person.roles.filter((at) => !at.providerId);
  const theirs = person.roles.filter((at) => at.providerId);
  const form = useForm({
    initialValues: { name: person.name, roles: own.map((at) => givenRole({ role: at.role, realmId: at.realmId ?? null })) },
    validate: { name: (v) => (v.trim() ? null : 'How they are shown.'), roles: (v) => missingIn(v) },
  });
  const close = () => {
    form.reset();
    onClose();
  };
  return (
    <FormDialog
      opened={opened} onClose={close} title={`Edit ${person.name}`} form={form}
      save={async ({ name, roles }) => {
        const params = { path: { id: person.id }, header: ifMatch(person.version) };
        await ask(api.PATCH('/api/people/{id}', { params, body: { name: name.trim(), roles: giveBody(roles) } }));
        done(`Changed ${name.trim()}`, undefined, 'access', 'audit', 'me');
      }}
    >
      {person.id === me.person?.id && <Text size="sm" role="status">This is you: what you take away here, you lose with your next request.</Text>}
      <TextInput label="Name" required {...form.getInputProps('name')} />
      <RoleFields label="Roles" none="Without a role they can sign in and see nothing." value={form.values.roles} onChange={(roles) => form.setFieldValue('roles', roles)} error={form.errors.roles} />
      {theirs.length > 0 && (
        <Text size="sm" c="dimmed">
          Their groups give more, edited with the identity provider:{' '}
          {theirs.map((at) => `${roleText(at, nameOf)} (${providers?.find((p) => p.id === at.providerId)?.name ?? 'identity provider'})`).join(', ')}.
        </Text>
      )}
    </FormDialog>
  );
}
