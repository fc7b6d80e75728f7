// Rules for CI jobs: which jobs, by the claims of their own token, get a short-lived one of ours, and what it may do.

import { Button, Code, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconCode, IconGitBranch, IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { api, ask } from '../../api/client';
import { useCan } from '../../api/me';
import type { WorkloadRuleView } from '../../api/schema';
import { ActionMenu } from '../../components/ActionMenu';
import { Confirm } from '../../components/Confirm';
import { DataTable, type Column } from '../../components/DataTable';
import { Empty } from '../../components/Empty';
import { Panel } from '../../components/Panel';
import { useDone } from '../../components/useDone';
import { madeColumns, Named } from './cells';
import { lifetimeText, systemOf } from './ciSystems';
import { CiFile } from './CiFile';
import { NewRule } from './NewRule';
import { useRealms } from './queries';
import { Holds, holdsText } from './Rights';

const claimLines = (r: WorkloadRuleView) => Object.entries(r.claims).map(([name, value]) => `${name}=${value}`);
const systemText = (r: WorkloadRuleView) => (systemOf(r.issuer).value === 'other' ? r.issuer : systemOf(r.issuer).label);

export function CiRules() {
  const can = useCan();
  const done = useDone();
  const [making, make] = useDisclosure();
  const [shown, setShown] = useState<WorkloadRuleView>();
  const [removed, setRemoved] = useState<WorkloadRuleView>();
  const { nameOf } = useRealms();
  const writes = can('access:write');
  const button = writes && <Button size="xs" leftSection={<IconPlus size={15} aria-hidden />} onClick={make.open}>New rule</Button>;
  const columns: Column<WorkloadRuleView>[] = [
    {
      label: 'Rule',
      sort: 'name',
      text: (r) => r.name,
      cell: (r) => <Named name={r.name} detail={systemText(r)} small={holdsText(r, nameOf)} />,
    },
    { label: 'Issuer', fileOnly: true, text: (r) => r.issuer, cell: (r) => r.issuer },
    {
      label: 'Jobs with',
      text: (r) => claimLines(r).join(', '),
      cell: (r) => (
        <Stack gap={2} align="flex-start">
          {claimLines(r).map((line) => <Code key={line} fz={12} style={{ overflowWrap: 'anywhere' }}>{line}</Code>)}
        </Stack>
      ),
    },
    { label: 'May', from: 'sm', text: (r) => holdsText(r, nameOf), cell: (r) => <Holds holder={r} nameOf={nameOf} /> },
    { label: 'For', from: 'md', sort: 'lifetime', text: (r) => r.lifetimeSeconds, cell: (r) => lifetimeText(r.lifetimeSeconds) },
    ...madeColumns<WorkloadRuleView>(),
    {
      label: 'Actions',
      right: true,
      cell: (r) => (
        <ActionMenu
          of={r.name}
          actions={[
            { label: 'For the CI file', icon: IconCode, run: () => setShown(r) },
            writes && { label: 'Delete', icon: IconTrash, bad: true, run: () => setRemoved(r) },
          ]}
        />
      ),
    },
  ];
  return (
    <Panel flush title="CI rules" lead="A job proves who it is with its CI system’s own token and gets a short-lived one of ours. No secret is stored." actions={button}>
      <DataTable
        name="CI rules" whole search="Name, claim or right" queryKey={['access', 'ci-rules']} columns={columns} rowKey={(r) => r.id}
        load={() => ask(api.GET('/api/workload-rules'))}
        empty={
          <Empty icon={IconGitBranch} title="No rules yet" action={button}>
            A rule says which jobs, such as those of one repository on one branch, and what they may do here.
          </Empty>
        }
      />
      <NewRule opened={making} onClose={make.close} onMade={setShown} />
      <CiFile rule={shown} onClose={() => setShown(undefined)} />
      {removed && (
        <Confirm
          opened onClose={() => setRemoved(undefined)} title={`Delete ${removed.name}?`} action="Delete"
          run={async () => {
            await ask(api.DELETE('/api/workload-rules/{id}', { params: { path: { id: removed.id } } }));
            done(`Deleted the rule ${removed.name}`, undefined, 'access', 'audit');
          }}
        >
          Jobs with {claimLines(removed).join(' and ')} get no token by it any more, and the tokens that it gave end now, in jobs that run, too.
        </Confirm>
      )}
    </Panel>
  );
}
