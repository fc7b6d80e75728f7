// How one knows that the record is whole: the chain of hashes, its head now, and the command that recomputes it.

import { Code, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Copy } from '../../components/Copy';
import { Dialog } from '../../components/Dialog';
import { Loaded } from '../../components/Page';
import { exactTime } from '../../components/Time';
import { readRows } from './rows';

export function Chain({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Dialog opened={opened} onClose={onClose} size="lg" title="How to know that the record is whole">
      <Body />
    </Dialog>
  );
}

function Body() {
  const query = useQuery({ queryKey: ['audit', 'head'], queryFn: () => readRows({ limit: 1 }) });
  return (
    <Stack>
      <Text size="sm">
        Each row is written together with the change that it tells of, so neither is there without the other. Each holds the hash of the row before it, and its own hash is
        over that and over everything else in it. A row that was changed, removed or moved breaks the chain from there on.
      </Text>
      <div>
        <Text size="sm" fw={600}>Recompute it</Text>
        <Copy text="reeve audit verify" label="Copy the command" />
        <Text size="sm" c="dimmed">Or an export: <Code>reeve audit verify --file reeve-audit.ndjson</Code>. It prints the head, the number and the hash of the newest row.</Text>
      </div>
      <Loaded query={query}>
        {({ items: [newest] }) => newest && (
          <div>
            <Text size="sm" fw={600}>The head now, of {exactTime(newest.at)}</Text>
            <Copy text={`${newest.seq}:${newest.hash}`} label="Copy the head" />
            <Text size="sm" c="dimmed">
              Keep it where those who operate the database cannot write, and give it to the next run with <Code>--head</Code>: only so is a record found that was rewritten from the
              start. Reeve sends it there by itself with <Code>REEVE_AUDIT_HEAD_FILE</Code> or <Code>REEVE_AUDIT_HEAD_URL</Code>.
            </Text>
          </div>
        )}
      </Loaded>
    </Stack>
  );
}
