// /setup#TOKEN: what a link for a password opens, of the first owner or of somebody who was invited.

import { Alert, Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, ask } from '../api/client';
import { meQuery } from '../api/me';
import { Problem } from '../api/problem';
import { signedIn } from '../api/session';
import { ProblemAlert } from '../components/Problem';
import { Front } from '../shell/Front';

/** Read once: the secret does not stay in the address bar or the history. */
function takeToken(): string {
  const token = window.location.hash.slice(1);
  if (token) window.history.replaceState(null, '', window.location.pathname);
  return token;
}

export function Setup() {
  const [token] = useState(takeToken);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const navigate = useNavigate();
  const client = useQueryClient();
  const form = useForm({
    initialValues: { email: '', name: '', password: '', again: '' },
    validate: {
      password: (v) => (v.length >= 12 ? null : 'At least 12 characters'),
      again: (v, all) => (v === all.password ? null : 'The two passwords are not the same'),
    },
  });
  const submit = form.onSubmit(async ({ email, name, password }) => {
    setBusy(true);
    setError(undefined);
    try {
      const body = { token, password, email: email.trim() || undefined, name: name.trim() || undefined };
      const me = await ask(api.POST('/api/auth/setup', { body }));
      signedIn();
      client.clear();
      client.setQueryData(meQuery.queryKey, me);
      void navigate({ to: '/', replace: true });
    } catch (thrown) {
      const problem = Problem.from(thrown);
      if (problem.field && problem.field in form.getValues()) form.setFieldError(problem.field, problem.message);
      else setError(thrown);
    } finally {
      setBusy(false);
    }
  });
  return (
    <Front title="Set your password" lead="The link that brought you here counts once.">
      {token ? (
        <form onSubmit={submit} noValidate>
          <Stack>
            <TextInput label="Email" type="email" autoComplete="username" description="Only for the first owner. If you were invited, leave it empty." {...form.getInputProps('email')} />
            <TextInput label="Name" autoComplete="name" description="How others see you; may be empty." {...form.getInputProps('name')} />
            <PasswordInput label="Password" autoComplete="new-password" description="At least 12 characters." {...form.getInputProps('password')} />
            <PasswordInput label="Once more" autoComplete="new-password" {...form.getInputProps('again')} />
            <ProblemAlert error={error} />
            <Button type="submit" loading={busy}>Set it and sign in</Button>
          </Stack>
        </form>
      ) : (
        <Alert color="yellow" variant="outline" role="alert">
          This page needs the whole link, with what stands after #. Ask for a new one if it is lost.
        </Alert>
      )}
    </Front>
  );
}
