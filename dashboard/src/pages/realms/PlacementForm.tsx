// Editing a realm's placement: selectors are added, removed and moved by buttons, and what they choose is shown as one goes.

import { ActionIcon, Alert, Box, Button, Group, Stack, TagsInput, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconArrowDown, IconArrowUp, IconInfoCircle, IconPlus, IconTrash } from '@tabler/icons-react';
import { api, ask, ifMatch } from '../../api/client';
import type { ProxyView, SyncedRealmView, UpdateRealm } from '../../api/schema';
import { FormDialog } from '../../components/FormDialog';
import { useDone } from '../../components/useDone';
import { Matching } from './Placement';
import classes from './Placement.module.css';
import { labelText, labelsOf, parseLabel, placed, selectorsOf, type Selector } from './selectors';

interface Props {
  /** As it was when this opened. */
  realm: SyncedRealmView;
  /** `undefined`: not readable. */
  fleet?: ProxyView[];
  opened: boolean;
  onClose: () => void;
}

const MOST = 16;

/** A selector as the texts of its labels. */
interface Row {
  key: string;
  labels: string[];
}

const toRows = (selectors: Selector[]) => selectors.map((s, n) => ({ key: `was-${n}`, labels: Object.entries(s).map(([k, v]) => labelText(k, v)) }));
const toSelector = (row: Row): Selector => Object.fromEntries(row.labels.flatMap((text) => { const label = parseLabel(text); return label ? [label] : []; }));

export function PlacementForm({ realm, fleet, opened, onClose }: Props) {
  const done = useDone();
  const form = useForm<{ placement: Row[] }>({
    initialValues: { placement: toRows(selectorsOf(realm)) },
    validate: { placement: { labels: (labels) => (labels.every(parseLabel) ? null : 'Labels are of the form name=value') } },
  });
  const rows = form.values.placement;
  const save = async ({ placement }: { placement: Row[] }) => {
    // The API's document does not say that the values of a selector are texts.
    const body: UpdateRealm = { placement: placement.map(toSelector) as never };
    const answer = await ask(api.PATCH('/api/realms/{id}', { params: { path: { id: realm.id } }, headers: ifMatch(realm.version), body }));
    done(`Changed the placement of ${realm.name}`, answer, 'realms', 'agents', 'proxies', 'changes', 'overview');
  };
  const add = () => form.insertListItem('placement', { key: crypto.randomUUID(), labels: [] });
  const before = fleet && placed(selectorsOf(realm), fleet).map((p) => p.proxy.name);
  const after = fleet && placed(rows.map(toSelector), fleet).map((p) => p.proxy.name);
  return (
    <FormDialog opened={opened} onClose={onClose} title={`Placement of ${realm.name}`} form={form} save={save} size="lg">
      <Text size="sm">
        Best first. A selector chooses the proxies that have all its labels; a proxy’s name counts as the label <b>name</b>. One without labels chooses every
        proxy; without selectors every proxy serves, by name.
      </Text>
      <Stack gap="xs">
        {rows.map((row, n) => (
          <Box key={row.key} className={classes.editor} role="group" aria-label={`Selector ${n + 1}`}>
            <Group align="flex-start" gap="xs" wrap="nowrap">
              <TagsInput
                flex={1} label={`Selector ${n + 1}`} placeholder={row.labels.length ? '' : 'Any proxy; or such as region=eu'} data={fleet ? labelsOf(fleet) : []} acceptValueOnBlur
                value={row.labels} error={form.errors[`placement.${n}.labels`]} onChange={(labels) => form.setFieldValue(`placement.${n}.labels`, labels)}
              />
              <Group gap={4} wrap="nowrap" mt={26}>
                <ActionIcon variant="default" disabled={n === 0} aria-label={`Move selector ${n + 1} up`} onClick={() => form.reorderListItem('placement', { from: n, to: n - 1 })}><IconArrowUp size={15} aria-hidden /></ActionIcon>
                <ActionIcon variant="default" disabled={n === rows.length - 1} aria-label={`Move selector ${n + 1} down`} onClick={() => form.reorderListItem('placement', { from: n, to: n + 1 })}><IconArrowDown size={15} aria-hidden /></ActionIcon>
                <ActionIcon variant="default" aria-label={`Remove selector ${n + 1}`} onClick={() => form.removeListItem('placement', n)}><IconTrash size={15} aria-hidden /></ActionIcon>
              </Group>
            </Group>
            {fleet && <Box mt={6}><Matching selector={toSelector(row)} fleet={fleet} /></Box>}
          </Box>
        ))}
        <Button variant="default" size="xs" leftSection={<IconPlus size={15} aria-hidden />} disabled={rows.length >= MOST} onClick={add} style={{ alignSelf: 'flex-start' }}>
          Add a selector
        </Button>
      </Stack>
      {before && after && (
        <Alert color={after.length ? 'blue' : 'yellow'} variant="outline" icon={<IconInfoCircle aria-hidden />} role="status">
          <Text size="sm">Serves it then: {after.length ? <b>{after.join(', ')}</b> : <b>no proxy, so its agents have nowhere to call</b>}.</Text>
          {before.join() !== after.join() && before.length > 0 && (
            <Text size="sm">Now: {before.join(', ')}. The realm is opened on new proxies first; one that is left is emptied when another has held its key for 30 s.</Text>
          )}
        </Alert>
      )}
    </FormDialog>
  );
}
