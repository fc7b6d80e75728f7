// Before something is taken away: what will happen and to whom. The name is asked for only where it matters.

import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { Dialog } from './Dialog';
import { ProblemAlert } from './Problem';

interface Props {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** What will happen, and to whom. */
  children: ReactNode;
  /** The button's word, such as "Revoke". */
  action: string;
  /** Has to be typed first. */
  name?: string;
  /** Ends well or throws; the dialog stays open and says why. */
  run: () => Promise<unknown>;
  /** Not a loss, such as approving. */
  harmless?: boolean;
}

export function Confirm({ opened, onClose, title, ...rest }: Props) {
  const [busy, setBusy] = useState(false);
  return (
    <Dialog opened={opened} onClose={onClose} title={title} busy={busy}>
      <Body {...rest} {...{ onClose, busy, setBusy }} />
    </Dialog>
  );
}

interface BodyProps extends Omit<Props, 'opened' | 'title'> {
  busy: boolean;
  setBusy: (busy: boolean) => void;
}

function Body({ onClose, children, action, name, run, harmless, busy, setBusy }: BodyProps) {
  const [typed, setTyped] = useState('');
  const [error, setError] = useState<unknown>();
  const submit = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await run();
      onClose();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => { event.preventDefault(); void submit(); }}>
      <Stack>
        <Text size="sm" component="div">{children}</Text>
        {name && (
          <TextInput
            data-autofocus
            label={<>Type <b>{name}</b> to go on</>}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        )}
        <ProblemAlert error={error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose} disabled={busy} data-autofocus={name ? undefined : true}>Cancel</Button>
          <Button type="submit" color={harmless ? undefined : 'red.8'} loading={busy} disabled={name !== undefined && typed !== name}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
