// /sign-in. `next` is where to go on to, `problem` the code of a sign-in at a provider that did not work out.

import { Alert, Stack } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { meQuery } from '../api/me';
import { signedIn } from '../api/session';
import { useUrl } from '../components/url';
import { Front } from '../shell/Front';
import { SignInForm } from '../shell/SignInForm';

/** The words are ours and not the link's: a link must not be able to say something here. */
const PROBLEMS: Record<string, string> = {
  'no-role': 'You are known there, but nobody has given you a role here. Ask an owner of this installation.',
  'sign-in-expired': 'That took too long, or was begun in another browser. Try again.',
  'identity-provider-unavailable': 'The identity provider cannot be reached. Try again, or sign in with a password.',
  'account-disabled': 'Your account is disabled. Ask an owner of this installation.',
};

/** Only a path of this console: never another site. */
const own = (next?: string) => (next && /^\/(?![/\\])/.test(next) ? next : '/');

export function SignIn() {
  const [{ next, problem }] = useUrl();
  const navigate = useNavigate();
  const client = useQueryClient();
  return (
    <Front title="Sign in to Reeve" lead="Who may call which model, at what cost.">
      <Stack>
        {problem && (
          <Alert color="red" variant="outline" role="alert">
            {PROBLEMS[problem] ?? 'The sign-in at the identity provider did not work out. Try again; the audit says why.'}
          </Alert>
        )}
        <SignInForm
          next={own(next)}
          onDone={(me) => {
            signedIn();
            client.clear();
            client.setQueryData(meQuery.queryKey, me);
            void navigate({ to: own(next), replace: true });
          }}
        />
      </Stack>
    </Front>
  );
}
