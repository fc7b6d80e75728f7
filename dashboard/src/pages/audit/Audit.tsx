// The audit record: who did what, or tried to, from where, and how it was before and after.

import { Anchor, Box, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconFingerprint, IconShieldX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useCan } from '../../api/me';
import type { AuditView } from '../../api/schema';
import { Actor } from '../../components/Actor';
import { DataTable, type Column } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Page } from '../../components/Page';
import { Panel } from '../../components/Panel';
import { Time } from '../../components/Time';
import { useUrl } from '../../components/url';
import { allPeopleQuery } from '../access/queries';
import { realmNamesQuery } from '../agents/queries';
import { aboutOf, refusalText, type Names } from './about';
import { Chain } from './Chain';
import { Export } from './Export';
import { FilterBar } from './FilterBar';
import { filtersOf } from './filters';
import { Row } from './Row';
import { readRows } from './rows';
import { actionWords, authWords, isRefusal } from './words';
import classes from './audit.module.css';

export function Audit() {
  const [url, setUrl] = useUrl();
  const [opened, setOpened] = useState<AuditView>();
  const [proving, prove] = useDisclosure();
  const names = useNames();
  const filters = filtersOf(url);
  const filtered = Object.keys(filters).length > 0;
  const columns: Column<AuditView>[] = [
    {
      label: 'What', text: (r) => r.action,
      cell: (r) => (
        <Box miw={130}>
          <button type="button" className={classes.open} onClick={() => setOpened(r)} aria-label={`${actionWords(r.action)}: row ${r.seq}`}>
            {isRefusal(r.action) && <IconShieldX size={15} aria-hidden style={{ verticalAlign: '-2px', marginRight: 5 }} />}
            {actionWords(r.action)}
          </button>
          <Box hiddenFrom="sm" mt={2}>
            <Subject row={r} names={names} />
            <Text size="xs" c="dimmed" component="div">by <Actor actor={r.actor} /></Text>
          </Box>
        </Box>
      ),
    },
    { label: 'About', from: 'sm', text: (r) => r.subject, cell: (r) => <Subject row={r} names={names} /> },
    {
      label: 'Who', from: 'sm', text: (r) => r.actor,
      cell: (r) => <Stack gap={0}><span><Actor actor={r.actor} /></span><Text size="xs" c="dimmed">{[authWords(r.auth).words, r.address].filter(Boolean).join(' · ')}</Text></Stack>,
    },
    { label: 'Change', from: 'lg', cell: (r) => (r.revision ? <Anchor component={Link} to={`/changes/${r.revision}`} inherit>{r.revision}</Anchor> : '–') },
    { label: 'When', right: true, sort: 'at', byDefault: true, text: (r) => r.at, cell: (r) => <Time at={r.at} /> },
  ];
  return (
    <Page
      title="Audit"
      lead={<>Every change, every sign-in and every refused attempt. <Anchor component="button" type="button" inherit onClick={prove.open}>How to know that it is whole</Anchor></>}
      actions={<Export filters={filters} filtered={filtered} />}
    >
      <Panel flush>
        <DataTable<AuditView>
          name="Audit" noFile queryKey={['audit', filters]} load={(page) => readRows({ ...filters, ...page })} columns={columns} rowKey={(r) => String(r.seq)}
          onRow={setOpened} tone={(r) => (isRefusal(r.action) ? 'bad' : undefined)} filters={<FilterBar />}
          empty={<Empty icon={IconFingerprint} title="Nothing has happened yet">Every change is a row here, and so is every sign-in and every attempt that was refused.</Empty>}
        />
      </Panel>
      <Row
        row={opened} names={names} onClose={() => setOpened(undefined)}
        onFilter={({ actor, subject }) => {
          setOpened(undefined);
          setUrl({ actor, subject, action: undefined, range: undefined, since: undefined, until: undefined, cursor: undefined }, true);
        }}
      />
      <Chain opened={proving} onClose={prove.close} />
    </Page>
  );
}

function Subject({ row, names }: { row: AuditView; names: Names }) {
  const about = aboutOf(row, names);
  const name = <Text span inherit ff={about.kind === 'request' ? 'monospace' : undefined} fz={about.kind === 'request' ? 13 : undefined} style={{ overflowWrap: 'anywhere' }}>{about.name}</Text>;
  return (
    <Stack gap={0}>
      {about.to ? <Anchor component={Link} to={about.to} inherit c="inherit" underline="hover">{name}</Anchor> : name}
      {(isRefusal(row.action) || about.kind) && <Text size="xs" c="dimmed">{isRefusal(row.action) ? refusalText(row) : about.kind}</Text>}
    </Stack>
  );
}

/** Of what rows know by id alone, as far as they are readable. */
function useNames(): Names {
  const can = useCan();
  const realms = useQuery({ ...realmNamesQuery, enabled: can('realms:read', 'any') }).data;
  const people = useQuery({ ...allPeopleQuery, enabled: can('people:read') }).data;
  return { realms, people: people && new Map(people.map((p) => [p.id, p.email])) };
}
