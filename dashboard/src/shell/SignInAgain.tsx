// The session has ended while a page was open: signing in again happens on top of it, so that nothing that was typed is lost.

import { Modal, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { useMe } from '../api/me';
import { signedIn, useSessionEnded } from '../api/session';
import { useReturnFocus } from '../components/useReturnFocus';

/** Loaded when it is needed: few sessions end under an open page. */
const SignInForm = lazy(() => import('./SignInForm').then(({ SignInForm }) => ({ default: SignInForm })));

export function SignInAgain() {
  const ended = useSessionEnded();
  useReturnFocus(ended);
  const me = useMe();
  const client = useQueryClient();
  return (
    <Modal opened={ended} onClose={() => undefined} returnFocus={false} withCloseButton={false} closeOnEscape={false} zIndex={1000} title={<Text fw={640}>Your session has ended</Text>}>
      <Stack>
        <Text size="sm">Sign in again to go on. The page behind this is as you left it.</Text>
        <Suspense>
          <SignInForm
            email={me.person?.email}
            next={window.location.pathname + window.location.search}
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
