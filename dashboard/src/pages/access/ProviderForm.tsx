// The form of an identity provider, new or edited. Its name and issuer stay: who people are there hangs on them.

import { Checkbox, Paper, PasswordInput, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { api, ask, ifMatch } from '../../api/client';
import { useCan } from '../../api/me';
import type { RegisteredProvider } from '../../api/schema';
import { Copy } from '../../components/Copy';
import { FormDialog } from '../../components/FormDialog';
import { useDone } from '../../components/useDone';
import { settingsQuery } from '../settings/queries';
import { goodName } from './names';
import { giveBody, givenRole, missingIn, RoleFields, type GivenRole } from './RoleFields';

const groupRoles = (given: GivenRole[]) => given.flatMap((g) => giveBody([g]).map((role) => ({ group: g.group.trim(), ...role })));

interface Props {
  opened: boolean;
  onClose: () => void;
  provider?: RegisteredProvider;
}

export function ProviderForm({ opened, onClose, provider }: Props) {
  const done = useDone();
  const form = useForm({
    initialValues: {
      name: provider?.name ?? '',
      issuer: provider?.issuer ?? '',
      clientId: provider?.clientId ?? '',
      clientSecret: '',
      scopes: provider?.scopes ?? ['email', 'profile'],
      groupsClaim: provider?.groupsClaim ?? 'groups',
      groupRoles: (provider?.groupRoles ?? []).map((g) => givenRole({ group: g.group, role: g.role, realmId: g.realmId ?? null })),
      trustsEmail: provider?.trustsEmail ?? false,
    },
    validate: {
      name: goodName,
      issuer: (v) => (/^https?:\/\//.test(v) ? null : 'Its URL, as its tokens name it.'),
      clientId: (v) => (v.trim() ? null : 'As the provider gives it.'),
      clientSecret: (v) => (v || provider ? null : 'As the provider gives it.'),
      groupsClaim: (v) => (v.trim() ? null : 'The claim that lists the groups.'),
      groupRoles: (v) => missingIn(v, true),
    },
  });
  const close = () => {
    form.reset();
    onClose();
  };
  const can = useCan();
  // One that is not there yet: its name is still being typed.
  const publicUrl = useQuery({ ...settingsQuery, enabled: opened && !provider && can('access:read') }).data?.publicUrl ?? '…';
  const callbackUrl = provider?.callbackUrl ?? `${publicUrl}/api/auth/oidc/${form.values.name || '…'}/callback`;
  return (
    <FormDialog
      opened={opened} onClose={close} title={provider ? `Edit ${provider.name}` : 'Add an identity provider'} form={form} action={provider ? 'Save' : 'Add it'} size="lg"
      save={async (v) => {
        const both = {
          clientId: v.clientId.trim(), scopes: v.scopes, groupsClaim: v.groupsClaim.trim(), groupRoles: groupRoles(v.groupRoles), trustsEmail: v.trustsEmail,
        };
        if (provider) {
          const params = { path: { id: provider.id }, header: ifMatch(provider.version) };
          await ask(api.PATCH('/api/identity-providers/{id}', { params, body: { ...both, clientSecret: v.clientSecret || undefined } }));
        } else {
          await ask(api.POST('/api/identity-providers', { body: { ...both, name: v.name, issuer: v.issuer.trim(), clientSecret: v.clientSecret } }));
        }
        done(provider ? `Changed ${v.name}` : `Added ${v.name}`, undefined, 'access', 'audit');
      }}
    >
      {!provider && (
        <>
          <TextInput label="Name" required data-autofocus autoComplete="off" placeholder="corp" description="On the page for signing in, and in the callback URL." {...form.getInputProps('name')} />
          <TextInput label="Issuer" required placeholder="https://login.example.org" description="As its tokens name it. It stays, like the name." {...form.getInputProps('issuer')} />
        </>
      )}
      <Paper withBorder p="sm">
        <Stack gap={4}>
          <Text size="sm" fw={500}>Callback URL</Text>
          <Text size="xs" c="dimmed">Register it at the provider, for the client there.</Text>
          <Text size="sm" component="div"><Copy text={callbackUrl} label="Copy the callback URL" /></Text>
        </Stack>
      </Paper>
      <TextInput label="Client id" required autoComplete="off" {...form.getInputProps('clientId')} />
      <PasswordInput
        label="Client secret" required={!provider} autoComplete="off"
        description={provider ? 'Left empty, the present one stays.' : 'Sealed at once, never shown again.'} {...form.getInputProps('clientSecret')}
      />
      <RoleFields groups label="What its groups give" none="Nothing yet: who signs in has no role by it." value={form.values.groupRoles} onChange={(groupRoles) => form.setFieldValue('groupRoles', groupRoles)} error={form.errors.groupRoles} />
      {provider && <Text size="xs" c="dimmed">It counts from each person’s next sign-in on.</Text>}
      <TextInput label="Groups claim" description="The claim that lists the groups of a person." {...form.getInputProps('groupsClaim')} />
      <TagsInput label="Scopes" description="Asked for, beside openid." data={['email', 'profile', 'groups', 'offline_access']} {...form.getInputProps('scopes')} />
      <Checkbox
        label="Trust its emails" {...form.getInputProps('trustsEmail', { type: 'checkbox' })}
        description="A verified email of it is the person of that email here. Only where nobody can choose their email: else one becomes somebody else."
      />
    </FormDialog>
  );
}
