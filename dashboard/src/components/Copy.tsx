// A text to take along, with a button that copies it.

import { ActionIcon, CopyButton, Group, Text, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';

/** `shown`: what stands there, when the text itself is too long. */
export function Copy({ text, shown, label = 'Copy' }: { text: string; shown?: string; label?: string }) {
  return (
    <Group gap={4} wrap="nowrap" component="span" display="inline-flex" miw={0} maw="100%">
      <Text span inherit ff="monospace" fz="0.92em" style={{ overflowWrap: 'anywhere' }}>{shown ?? text}</Text>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? 'Copied' : label}>
            <ActionIcon variant="subtle" color="gray" size="sm" onClick={copy} aria-label={copied ? 'Copied' : label}>
              {copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </Group>
  );
}

/** `did:key:z6Mk…abcd`: enough to tell two apart. */
export const shortDid = (did: string) => (did.length > 28 ? `${did.slice(0, 14)}…${did.slice(-6)}` : did);
