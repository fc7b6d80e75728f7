// The session has ended while a page was open: signing in again happens on top of it, so that nothing that was typed is lost.

import { Modal, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect } from 'react';
import { api, ask } from '../api/client';
import { useMe } from '../api/me';
import { signedIn, useSessionEnded } from '../api/session';
import { useOverlay } from '../components/useOverlay';

/** Loaded when it is needed: few sessions end under an open page. */
const SignInForm = lazy(() => import('./SignInForm').then(({ SignInForm }) => ({ default: SignInForm })));

export function SignInAgain() {
  const ended = useSessionEnded();
  useOverlay(ended);
  const me = useMe();
  const client = useQueryClient();
  useEffect(() => {
    if (!ended) return;
    // Signed in in another tab, such as at an identity provider.
    const look = async () => {
      const now = await ask(api.GET('/api/me')).catch(() => undefined);
      if (!now) return;
      // What was typed is not for somebody else to save.
      if (now.actor !== me.actor) {
        window.location.assign('/');
        return;
      }
      signedIn();
      void client.invalidateQueries();
    };
    const run = () => void look();
    window.addEventListener('focus', run);
    return () => window.removeEventListener('focus', run);
  }, [ended, me.actor, client]);
  return (
    <Modal opened={ended} onClose={() => undefined} returnFocus={false} withCloseButton={false} closeOnEscape={false} zIndex={1000} title={<Text fw={640}>Your session has ended</Text>}>
      <Stack>
        <Text size="sm">Sign in again to go on. The page behind this is as you left it.</Text>
        <Suspense>
          <SignInForm
            email={me.person?.email}
            onDone={() => {
              signedIn();
              void client.invalidateQueries();
            }}
          />
        </Suspense>
      </Stack>
    </Modal>
  );
}
