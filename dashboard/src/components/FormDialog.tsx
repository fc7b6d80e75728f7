// A form beside the page. It stays as it is when saving fails, also when the session has ended meanwhile: the field that the
// problem document names says so, everything else stands above the buttons.

import { Button, Group, Stack } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Problem } from '../api/problem';
import { Dialog } from './Dialog';
import { ProblemAlert } from './Problem';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any form
type AnyForm<V> = UseFormReturnType<V, any>;

interface Props<V> {
  opened: boolean;
  onClose: () => void;
  title: string;
  form: AnyForm<V>;
  /** Ends well, and the dialog closes and forgets what was typed; or throws. */
  save: (values: V) => Promise<unknown>;
  action?: string;
  /** More buttons, such as a connection test. */
  extra?: ReactNode;
  size?: string;
  children: ReactNode;
}

export function FormDialog<V>({ opened, onClose, title, form, save, action = 'Save', extra, size = 'md', children }: Props<V>) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  // A long form may have what is wrong out of sight: each refusal goes to the first of it.
  const [refusals, setRefusals] = useState(0);
  const body = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (refusals === 0) return;
    const wrong = body.current?.querySelector<HTMLElement>('[aria-invalid=true], [role=alert]');
    wrong?.scrollIntoView({ block: 'center' });
    wrong?.focus({ preventScroll: true });
  }, [refusals]);
  const close = () => {
    setError(undefined);
    onClose();
  };
  const submit = form.onSubmit(async (values) => {
    setBusy(true);
    setError(undefined);
    try {
      await save(values);
      form.reset();
      close();
    } catch (thrown) {
      const problem = Problem.from(thrown);
      const known = problem.field !== undefined && problem.field in (form.getValues() as object);
      if (known) form.setFieldError(problem.field as string, problem.message);
      setError(known ? undefined : thrown);
      setRefusals((n) => n + 1);
    } finally {
      setBusy(false);
    }
  }, () => setRefusals((n) => n + 1));
  return (
    <Dialog beside opened={opened} onClose={close} title={title} size={size} closeOnClickOutside={!form.isDirty()} busy={busy}>
      <form ref={body} onSubmit={submit} noValidate>
        <Stack>
          {children}
          <ProblemAlert error={error} />
          <Group justify="space-between" gap="xs" mt="xs">
            <Group gap="xs">{extra}</Group>
            <Group gap="xs">
              <Button variant="default" onClick={close} disabled={busy}>Cancel</Button>
              <Button type="submit" loading={busy}>{action}</Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
