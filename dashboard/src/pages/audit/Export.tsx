// The record as a file, of any size: read as it comes, with how far it is, and a way to stop.

import { Button, Group, Loader, Menu, Text } from '@mantine/core';
import { IconFileSpreadsheet, IconFileText, IconDownload, IconAlertTriangle } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { Problem } from '../../api/problem';
import { Notice } from '../../components/Notice';
import { save } from '../../components/csv';
import { signedOut } from '../../api/session';
import { queryOf, type Filters } from './filters';

const KINDS = [
  { format: 'csv', label: 'CSV', about: 'For a spreadsheet', type: 'text/csv', Icon: IconFileSpreadsheet, headings: 1 },
  { format: 'ndjson', label: 'JSON', about: 'A line for each row; reeve audit verify reads it', type: 'application/x-ndjson', Icon: IconFileText, headings: 0 },
];
type Kind = (typeof KINDS)[number];

const SHOW_EVERY_MS = 200;
const LINE_END = 10;
/** What was read so far is handed to the browser in parts of this size, which may put them on disk. */
const PART_BYTES = 8 * 1024 * 1024;

interface Progress {
  rows: number;
  bytes: number;
}

/** Reads the answer to its end. A record that breaks off is thrown, never saved: a file that lacks rows must not look whole. */
async function read(query: URLSearchParams, kind: Kind, signal: AbortSignal, tell: (progress: Progress) => void): Promise<{ file: Blob; rows: number }> {
  const answer = await fetch(`/api/audit?${query}`, { signal });
  if (answer.status === 401) signedOut();
  if (!answer.ok || !answer.body) throw await Problem.read(answer);
  let file = new Blob([], { type: kind.type });
  let part: Uint8Array<ArrayBuffer>[] = [];
  let [bytes, kept, lines, told] = [0, 0, 0, 0];
  const progress = () => ({ rows: Math.max(0, lines - kind.headings), bytes });
  for (const reader = answer.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    part.push(value);
    bytes += value.length;
    // A field never holds the end of a line: before and after are JSON.
    for (const byte of value) if (byte === LINE_END) lines += 1;
    if (bytes - kept > PART_BYTES) {
      file = new Blob([file, ...part], { type: kind.type });
      part = [];
      kept = bytes;
    }
    if (Date.now() - told > SHOW_EVERY_MS) {
      told = Date.now();
      tell(progress());
    }
  }
  return { file: new Blob([file, ...part], { type: kind.type }), rows: progress().rows };
}

const whyText = (thrown: unknown) => (thrown instanceof Problem ? `${thrown.message} (${thrown.code})` : 'the connection broke off before the end; nothing was saved');
const sizeText = (bytes: number) => (bytes < 1_000_000 ? `${Math.ceil(bytes / 1000).toLocaleString('en')} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`);

export function Export({ filters, filtered }: { filters: Filters; filtered: boolean }) {
  const [progress, setProgress] = useState<Progress>();
  const [said, setSaid] = useState<{ text: string; bad?: boolean }>();
  const abort = useRef<AbortController>(undefined);
  const run = async (kind: Kind) => {
    const control = new AbortController();
    abort.current = control;
    setSaid(undefined);
    setProgress({ rows: 0, bytes: 0 });
    try {
      const words = Object.entries({ ...queryOf(filters), format: kind.format }).flatMap(([name, word]) => (word ? [[name, word]] : []));
      const { file, rows } = await read(new URLSearchParams(words), kind, control.signal, setProgress);
      save(`reeve-audit-${new Date().toISOString().slice(0, 10)}.${kind.format}`, file);
      setSaid({ text: `Saved ${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'}, ${sizeText(file.size)}` });
    } catch (thrown) {
      setSaid(control.signal.aborted ? { text: 'Stopped; nothing was saved' } : { text: whyText(thrown), bad: true });
    } finally {
      setProgress(undefined);
    }
  };
  if (progress) {
    return (
      <Group gap="xs">
        <Loader size={14} aria-hidden />
        <Text size="sm" role="status">{progress.rows.toLocaleString('en')} rows, {sizeText(progress.bytes)}…</Text>
        <Button variant="default" onClick={() => abort.current?.abort()}>Stop</Button>
      </Group>
    );
  }
  return (
    <Group gap="xs">
      {said && !said.bad && <Text size="sm" c="dimmed" role="status">{said.text}</Text>}
      {said?.bad && <Notice tone="bad" icon={IconAlertTriangle}>Not exported: {said.text}</Notice>}
      <Menu position="bottom-end" width={300}>
        <Menu.Target><Button variant="default" leftSection={<IconDownload size={16} aria-hidden />}>Export</Button></Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{filtered ? 'Every row that matches the filters' : 'Every row'}</Menu.Label>
          {KINDS.map((kind) => (
            <Menu.Item key={kind.format} leftSection={<kind.Icon size={17} aria-hidden />} onClick={() => void run(kind)}>
              {kind.label}<Text span display="block" size="xs" c="dimmed">{kind.about}</Text>
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Group>
  );
}
