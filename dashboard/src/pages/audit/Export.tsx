// The record as a file, of any size: read as it comes, with how far it is, and a way to stop.

import { Button, Group, Menu, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { Problem } from '../../api/problem';
import { save } from '../../components/csv';
import type { Filters } from './Audit';

const KINDS = [['csv', 'CSV', 'text/csv'], ['ndjson', 'JSON, a line for each row', 'application/x-ndjson']] as const;

export function Export({ filters }: { filters: Filters }) {
  const [read, setRead] = useState<number>();
  const [error, setError] = useState<string>();
  const stop = useRef<AbortController>(undefined);
  const run = async (format: string, type: string) => {
    const abort = new AbortController();
    stop.current = abort;
    setError(undefined);
    setRead(0);
    try {
      const words = Object.entries(filters).filter((entry): entry is [string, string] => Boolean(entry[1]));
      const answer = await fetch(`/api/audit?${new URLSearchParams([...words, ['format', format]])}`, { signal: abort.signal });
      if (!answer.ok || !answer.body) throw await Problem.of(answer);
      const parts: Uint8Array<ArrayBuffer>[] = [];
      let bytes = 0;
      for (const reader = answer.body.getReader(); ; ) {
        const { done, value } = await reader.read();
        if (done) break;
        parts.push(value);
        bytes += value.length;
        setRead(bytes);
      }
      save(`reeve-audit.${format}`, new Blob(parts, { type }));
    } catch (thrown) {
      // An export that broke off is not saved: a file that lacks rows must not look whole.
      if (!abort.signal.aborted) setError(Problem.from(thrown).message);
    } finally {
      setRead(undefined);
    }
  };
  if (read !== undefined) {
    return (
      <Group gap="xs">
        <Text size="sm" role="status">{(read / 1_048_576).toFixed(1)} MB read…</Text>
        <Button variant="default" onClick={() => stop.current?.abort()}>Stop</Button>
      </Group>
    );
  }
  return (
    <Group gap="xs">
      {error && <Text size="sm" role="alert">Not exported: {error}</Text>}
      <Menu position="bottom-end">
        <Menu.Target><Button variant="default" leftSection={<IconDownload size={16} aria-hidden />}>Export</Button></Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>Every row that matches the filters</Menu.Label>
          {KINDS.map(([format, label, type]) => <Menu.Item key={format} onClick={() => void run(format, type)}>{label}</Menu.Item>)}
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}
