// Which proxies serve a realm: the selectors in their order, and which proxies they choose now.

import { Anchor, Badge, Button, Group, Stack, Text } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useFleet } from '../../api/fleet';
import { useCan } from '../../api/me';
import type { ProxyView, SyncedRealmView } from '../../api/schema';
import { AtOpening } from '../../components/AtOpening';
import { Panel } from '../../components/Panel';
import { Status } from '../../components/Status';
import classes from './Placement.module.css';
import { PlacementForm } from './PlacementForm';
import { labelText, matches, placed, selectorsOf, type Selector } from './selectors';

export function Placement({ realm }: { realm: SyncedRealmView }) {
  const can = useCan();
  const fleet = useFleet();
  const [editing, setEditing] = useState(false);
  const selectors = selectorsOf(realm);
  return (
    <Stack gap="md">
      <Panel
        title="Order" lead="Agents are pointed to the proxies of the first selector that serves them, then to the next."
        actions={can('realms:write', realm.id) && (
          <Button size="xs" variant="default" leftSection={<IconPencil size={15} aria-hidden />} aria-label="Edit the order" onClick={() => setEditing(true)}>Edit</Button>
        )}
      >
        {selectors.length === 0
          ? <Text size="sm">Every proxy serves {realm.name}, by name. Add selectors to choose some, or to prefer one.</Text>
          : (
            <ol className={classes.list}>
              {selectors.map((selector, n) => (
                <li key={n} className={classes.item}>
                  <span className={classes.number} aria-hidden>{n + 1}</span>
                  <Labels selector={selector} />
                  {fleet && <Matching selector={selector} fleet={fleet} />}
                </li>
              ))}
            </ol>
          )}
      </Panel>
      {fleet && <Serving selectors={selectors} fleet={fleet} name={realm.name} />}
      <AtOpening opened={editing} value={realm} version={realm.version}>{(realm) => <PlacementForm realm={realm} fleet={fleet} opened={editing} onClose={() => setEditing(false)} />}</AtOpening>
    </Stack>
  );
}

function Labels({ selector }: { selector: Selector }) {
  const labels = Object.entries(selector);
  if (labels.length === 0) return <Badge variant="default" tt="none" fw={500}>any proxy</Badge>;
  return (
    <Group gap={6}>
      {labels.map(([k, v]) => <Badge key={k} variant="default" tt="none" fw={500} ff="monospace">{labelText(k, v)}</Badge>)}
    </Group>
  );
}

/** What one selector chooses by itself. */
export function Matching({ selector, fleet }: { selector: Selector; fleet: ProxyView[] }) {
  const found = fleet.filter((p) => matches(selector, p)).map((p) => p.name);
  return <Text size="sm" c="dimmed">{found.length === 0 ? 'no proxy has this' : found.join(', ')}</Text>;
}

function Serving({ selectors, fleet, name }: { selectors: Selector[]; fleet: ProxyView[]; name: string }) {
  const serving = placed(selectors, fleet);
  const rest = fleet.filter((p) => !serving.some((s) => s.proxy.id === p.id));
  return (
    <Panel title={`Serves ${name} now`} lead={rest.length > 0 ? `Not among them: ${rest.map((p) => p.name).join(', ')}.` : undefined}>
      {serving.length === 0
        ? <Status state="warning" label="No proxy is chosen: the agents of this realm have nowhere to call." />
        : (
          <ol className={classes.list}>
            {serving.map(({ proxy, rank }, n) => (
              <li key={proxy.id} className={classes.item}>
                <span className={classes.number} aria-hidden>{n + 1}</span>
                <Anchor component={Link} to={`/proxies/${proxy.id}`} size="sm" fw={600} c="inherit">{proxy.name}</Anchor>
                <Text size="sm" component="div"><ProxyNow proxy={proxy} /></Text>
                {rank !== undefined && <Text size="sm" c="dimmed">by selector {rank + 1}</Text>}
              </li>
            ))}
          </ol>
        )}
    </Panel>
  );
}

function ProxyNow({ proxy }: { proxy: ProxyView }) {
  if (proxy.frozen) return <Status state="frozen" why={proxy.frozen.reason} />;
  if (proxy.state === 'draining') return <Status state="draining" why="Agents are pointed elsewhere, as far as another proxy serves them." />;
  if (proxy.avoided && proxy.status === 'ready') return <Status state="avoided" why="It is the last that agents are pointed to until it has answered for a minute." />;
  return <Status state={proxy.status} why={proxy.lastError?.message} />;
}
