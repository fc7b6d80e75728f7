// A secret that is shown once. It lives in the dialog's props alone: not in a query's cache, not in the URL, not in storage.

import { Alert, Button, CopyButton, Group, Stack, Text, Textarea } from '@mantine/core';
import { IconCheck, IconCopy, IconEyeExclamation } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Dialog } from './Dialog';

interface Props {
  /** `undefined`: closed. */
  secret?: string;
  title: string;
  onClose: () => void;
  /** What to do with it. */
  children?: ReactNode;
}

export function ShownOnce({ secret, title, onClose, children }: Props) {
  return (
    <Dialog opened={secret !== undefined} onClose={onClose} closeOnClickOutside={false} title={title} size="lg">
      <Stack>
        <Alert color="yellow" variant="outline" icon={<IconEyeExclamation aria-hidden />}>
          This is the only time that it is shown. Reeve keeps a hash of it.
        </Alert>
        <Textarea
          readOnly
          aria-label={title}
          value={secret ?? ''}
          autosize
          minRows={1}
          ff="monospace"
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', wordBreak: 'break-all' } }}
          onFocus={(event) => event.currentTarget.select()}
        />
        {children && <Text size="sm" component="div">{children}</Text>}
        <Group justify="flex-end" gap="xs">
          <CopyButton value={secret ?? ''}>
            {({ copied, copy }) => (
              <Button data-autofocus onClick={copy} leftSection={copied ? <IconCheck size={16} /> : <IconCopy size={16} />}>
                {copied ? 'Copied' : 'Copy'}
              </Button>
            )}
          </CopyButton>
          <Button variant="default" onClick={onClose}>I have kept it</Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
