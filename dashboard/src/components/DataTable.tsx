// Every list: sorting and filters in the URL, paging by cursor, CSV of the whole list. A long list is sorted and searched by
// the API (`sort` of a column is what the API calls it); a list that is never long (`whole`) is read at once and sorted here.

import { ActionIcon, Box, Button, Group, Loader, Skeleton, Table, Text, TextInput, Tooltip, VisuallyHidden } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconArrowDown, IconArrowUp, IconFileDownload, IconSearch } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState, type MouseEvent, type ReactNode } from 'react';
import { all, type Page } from '../api/client';
import classes from './DataTable.module.css';
import { download, toCsv } from './csv';
import { ProblemAlert, sayProblem } from './Problem';
import { useUrl } from './url';
import { useKey } from './useKey';

const ROWS = 50;
const EXPORT_ROWS = 200;
/** The column of what can be done with a row. */
const ACTIONS = 'Actions';

export interface Column<T> {
  label: string;
  cell: (row: T) => ReactNode;
  /** As text: for CSV, and for sorting and searching a whole list. Without it the column is neither. */
  text?: (row: T) => string | number | null | undefined;
  /** The API's name for sorting by this column; of a whole list, any name that is good in a URL. */
  sort?: string;
  /** The list is in this order, the greatest first, where nothing else is chosen. */
  byDefault?: boolean;
  /** The API sorts by it in descending order only. */
  newestFirst?: boolean;
  /** In the CSV, not in the table. */
  fileOnly?: boolean;
  /** Left out below this width. */
  from?: 'xs' | 'sm' | 'md' | 'lg';
  right?: boolean;
}

/** What the table asks of the list; filters are the caller's own. */
export interface Wanted {
  limit: number;
  cursor?: string;
  sort?: string;
  search?: string;
}

interface Props<T> {
  /** Of the list, for screen readers; also the name of the CSV file. */
  name: string;
  queryKey: unknown[];
  load: (wanted: Wanted) => Promise<Page<T>>;
  columns: Column<T>[];
  rowKey: (row: T) => string;
  /** The row's page; the first cell is its link. */
  to?: (row: T) => string;
  whole?: boolean;
  /** Shows the search field; `search` is handed to `load`, a whole list is searched here. */
  search?: string;
  filters?: ReactNode;
  empty: ReactNode;
  /** In place of `to`: what a click on the row does. A cell has a button that does the same, for the keyboard. */
  onRow?: (row: T) => void;
  /** Rows that stand out. */
  tone?: (row: T) => 'bad' | undefined;
  /** The page has a file of its own. */
  noFile?: boolean;
  /** Without search, filters and file: a short list in a panel of its own. */
  bare?: boolean;
  /** Keeps two tables of a page apart in the URL. */
  prefix?: string;
}

export function DataTable<T>(props: Props<T>) {
  const { name, queryKey, load, columns, rowKey, to, onRow, tone, whole, filters, empty, bare, prefix } = props;
  const [url, setUrl] = useUrl(prefix);
  // Of a page the cursor of the one before it, as far as one came through that.
  const [before, setBefore] = useState<Record<string, string | undefined>>({});
  const navigate = useNavigate();
  const shown = columns.filter((c) => !c.fileOnly);
  const wanted: Wanted = whole
    ? { limit: EXPORT_ROWS }
    : { limit: ROWS, cursor: url.cursor, sort: url.sort, search: url.q };
  const query = useQuery({
    queryKey: [...queryKey, 'list', wanted],
    queryFn: async (): Promise<Page<T>> =>
      whole ? { items: await all((cursor) => load({ ...wanted, cursor })) } : load(wanted),
    placeholderData: keepPreviousData,
  });

  let rows = query.data?.items ?? [];
  let next = query.data?.nextCursor ?? undefined;
  if (whole && query.data) {
    rows = arrange(rows, columns, url.sort, url.q);
    const from = Number(url.cursor ?? 0);
    next = rows.length > from + ROWS ? String(from + ROWS) : undefined;
    rows = rows.slice(from, from + ROWS);
  }
  const turn = (cursor?: string) => setUrl({ cursor }, true);
  const filtered = Object.keys(url).some((k) => !['cursor', 'sort', 'tab'].includes(k) && url[k] && !k.includes('.'));

  const follow = (event: MouseEvent, row: T) => {
    // What a cell has opened over the page is in the row for React alone.
    if (!event.currentTarget.contains(event.target as Node)) return;
    // Links, buttons and selected text keep their own meaning.
    if ((event.target as HTMLElement).closest('a, button, input, label') || window.getSelection()?.toString()) return;
    onRow?.(row);
    if (to) void navigate({ to: to(row) });
  };

  return (
    <Box>
      {!bare && <Group gap="xs" px="md" py="sm" className={classes.bar}>
        {props.search && <Search label={props.search} value={url.q ?? ''} onChange={(q) => setUrl({ q, cursor: undefined })} />}
        {filters}
        <Box flex={1} />
        {query.isFetching && query.data && <Loader size={14} role="status" aria-label="Loading" />}
        {!props.noFile && <Export {...{ name, columns, load, whole, filtered }} wanted={{ ...wanted, sort: url.sort, search: url.q }} />}
      </Group>}
      {query.error && <Box p="md"><ProblemAlert error={query.error} retry={() => void query.refetch()} /></Box>}
      {!query.data && !query.error && (
        <Box px="md" pb="md" role="status" aria-busy aria-label="Loading">
          {[0, 1, 2, 3].map((n) => <Skeleton key={n} h={32} mt={8} />)}
        </Box>
      )}
      {query.data && rows.length === 0 && (filtered || url.cursor ? <Text ta="center" c="dimmed" size="sm" py={40}>Nothing matches.</Text> : empty)}
      {rows.length > 0 && (
        <Table.ScrollContainer minWidth={0} className={classes.scroll}>
          <Table highlightOnHover={Boolean(to ?? onRow)} aria-label={name} className={classes.table}>
            <Table.Thead>
              <Table.Tr>
                {shown.map((c) => (
                  <Head key={c.label} column={c} sort={url.sort} onSort={(sort) => setUrl({ sort, cursor: undefined })} />
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((row) => (
                <Table.Tr key={rowKey(row)} onClick={(event) => follow(event, row)} data-link={to || onRow ? true : undefined} data-tone={tone?.(row)}>
                  {shown.map((c, n) => (
                    <Table.Td key={c.label} visibleFrom={c.from} ta={c.right ? 'right' : undefined}>
                      {to && n === 0 ? <Link to={to(row)} className={classes.link}>{c.cell(row)}</Link> : c.cell(row)}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {(url.cursor || next) && (
        <Group justify="flex-end" gap="xs" p="sm">
          {url.cursor && <Button variant="default" size="xs" onClick={() => turn()}>First page</Button>}
          {url.cursor && url.cursor in before && <Button variant="default" size="xs" onClick={() => turn(before[url.cursor ?? ''])}>Previous</Button>}
          <Button variant="default" size="xs" disabled={!next || query.isPlaceholderData} onClick={() => { if (next) setBefore({ ...before, [next]: url.cursor }); turn(next); }}>Next</Button>
        </Group>
      )}
    </Box>
  );
}

/** A whole list, searched and sorted here. */
function arrange<T>(rows: T[], columns: Column<T>[], sort?: string, search?: string): T[] {
  const words = search?.toLowerCase();
  const found = words
    ? rows.filter((row) => columns.some((c) => String(c.text?.(row) ?? '').toLowerCase().includes(words)))
    : [...rows];
  const by = sort ? columns.find((c) => c.sort === sort.replace(/^-/, ''))?.text : undefined;
  if (!by) return found;
  const sign = sort?.startsWith('-') ? -1 : 1;
  return found.sort((a, b) => {
    const [x, y] = [by(a) ?? '', by(b) ?? ''];
    return sign * (typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y), 'en', { numeric: true }));
  });
}

function Head<T>({ column, sort, onSort }: { column: Column<T>; sort?: string; onSort: (sort?: string) => void }) {
  const { label, sort: name, from, right, byDefault } = column;
  // What is done with a row needs no heading for the eye.
  if (label === ACTIONS) return <Table.Th visibleFrom={from}><VisuallyHidden>{label}</VisuallyHidden></Table.Th>;
  if (!name) return <Table.Th visibleFrom={from} ta={right ? 'right' : undefined}>{label}</Table.Th>;
  const state = sort === name ? 'ascending' : sort === `-${name}` || (byDefault && !sort) ? 'descending' : 'none';
  const next = byDefault
    ? { none: undefined, ascending: undefined, descending: name }[state]
    : { none: column.newestFirst ? `-${name}` : name, ascending: `-${name}`, descending: undefined }[state];
  return (
    <Table.Th visibleFrom={from} aria-sort={state} ta={right ? 'right' : undefined}>
      <button type="button" className={classes.sort} onClick={() => onSort(next)}>
        {label}
        {state === 'ascending' && <IconArrowUp size={13} aria-hidden />}
        {state === 'descending' && <IconArrowDown size={13} aria-hidden />}
      </button>
    </Table.Th>
  );
}

function Search({ label, value, onChange }: { label: string; value: string; onChange: (q: string) => void }) {
  const [typed, setTyped] = useState(value);
  const field = useRef<HTMLInputElement>(null);
  const later = useDebouncedCallback(onChange, 200);
  const key = useKey('/', () => field.current?.focus());
  // The URL changed from elsewhere, such as by Back.
  useEffect(() => {
    if (document.activeElement !== field.current) setTyped(value);
  }, [value]);
  return (
    <TextInput
      ref={field}
      size="xs"
      flex="1 1 190px"
      maw={{ xs: 260 }}
      type="search"
      aria-label={label}
      placeholder={key ? `${label}  ( / )` : label}
      leftSection={<IconSearch size={14} aria-hidden />}
      value={typed}
      onChange={(event) => { setTyped(event.currentTarget.value); later(event.currentTarget.value); }}
    />
  );
}

interface ExportProps<T> extends Pick<Props<T>, 'name' | 'columns' | 'load' | 'whole'> {
  wanted: Wanted;
  filtered: boolean;
}

function Export<T>({ name, columns, load, whole, wanted, filtered }: ExportProps<T>) {
  const [count, setCount] = useState<number>();
  const kept = columns.filter((c) => c.text);
  const run = async () => {
    setCount(0);
    try {
      const rows = await all((cursor) => load({ ...(whole ? undefined : wanted), cursor, limit: EXPORT_ROWS }), setCount);
      const shown = whole ? arrange(rows, columns, wanted.sort, wanted.search) : rows;
      download(`${name.toLowerCase().replaceAll(' ', '-')}.csv`, toCsv([kept.map((c) => c.label), ...shown.map((row) => kept.map((c) => c.text?.(row)))]));
    } catch (thrown) {
      sayProblem('The file could not be made', thrown);
    } finally {
      setCount(undefined);
    }
  };
  if (count !== undefined) return <Text size="xs" c="dimmed" role="status">Reading {count.toLocaleString('en')}…</Text>;
  return (
    <Tooltip label={filtered ? 'All that matches, as CSV' : 'All of it, as CSV'}>
      <ActionIcon variant="default" size="md" onClick={() => void run()} aria-label={`Download ${name} as CSV`}>
        <IconFileDownload size={16} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
