// Email and password, and the identity providers. Used by the sign-in page and by the dialog over a page whose session ended.

import { Button, Divider, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconLogin2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, ask } from '../api/client';
import type { Me } from '../api/schema';
import { ProblemAlert } from '../components/Problem';

interface Props {
  email?: string;
  /** The page to come back to from an identity provider; without one that opens in a tab of its own. */
  next?: string;
  onDone: (me: Me) => void;
}

export function SignInForm({ email, next, onDone }: Props) {
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const providers = useQuery({ queryKey: ['sign-in-providers'], queryFn: () => ask(api.GET('/api/auth/providers')), staleTime: 60_000 });
  const form = useForm({
    initialValues: { email: email ?? '', password: '' },
    validate: { email: (v) => (v.trim() ? null : 'Your email'), password: (v) => (v ? null : 'Your password') },
  });
  const submit = form.onSubmit(async (values) => {
    setBusy(true);
    setError(undefined);
    try {
      onDone(await ask(api.POST('/api/auth/login', { body: values })));
    } catch (thrown) {
      setError(thrown);
      form.setFieldValue('password', '');
    } finally {
      setBusy(false);
    }
  });
  return (
    <Stack>
      {providers.data?.items.map(({ name }) => (
        <Button
          key={name} component="a" variant="default" leftSection={<IconLogin2 size={16} aria-hidden />}
          href={`/api/auth/oidc/${encodeURIComponent(name)}/start?next=${encodeURIComponent(next ?? '/')}`}
          target={next === undefined ? '_blank' : undefined}
        >
          Sign in with {name}{next === undefined && ', in a new tab'}
        </Button>
      ))}
      {providers.data && providers.data.items.length > 0 && <Divider label="or" />}
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput label="Email" type="email" autoComplete="username" readOnly={Boolean(email)} {...form.getInputProps('email')} />
          <PasswordInput label="Password" autoComplete="current-password" data-autofocus={email ? true : undefined} {...form.getInputProps('password')} />
          <ProblemAlert error={error} />
          <Button type="submit" loading={busy}>Sign in</Button>
        </Stack>
      </form>
    </Stack>
  );
}
