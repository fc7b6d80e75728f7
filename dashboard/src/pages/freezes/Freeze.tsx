// The emergency stop of one thing, and its end.

import { Button, Text, Textarea } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDisclosure } from '@mantine/hooks';
import { IconSnowflake } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { api, ask } from '../../api/client';
import type { FreezeKind, Frozen } from '../../api/schema';
import { Actor } from '../../components/Actor';
import { Confirm } from '../../components/Confirm';
import { FormDialog } from '../../components/FormDialog';
import { Notice } from '../../components/Notice';
import { Time } from '../../components/Time';
import { useDone } from '../../components/useDone';

interface Thing {
  kind: FreezeKind;
  /** A DID of an agent. */
  id: string;
  name: string;
}

interface Props extends Thing {
  opened: boolean;
  onClose: () => void;
  /** What stops. */
  children: ReactNode;
}

const TOPICS = ['freezes', 'models', 'proxies', 'realms', 'agents', 'changes', 'overview', 'audit', 'explain'];

const MEANS: Record<FreezeKind, string> = {
  realm: 'its agents can call nothing', agent: 'it may use nothing', model: 'nobody can call it', proxy: 'Reeve’s keys are blocked on it',
};

export function FreezeDialog({ opened, onClose, kind, id, name, children }: Props) {
  const done = useDone();
  const form = useForm({ initialValues: { reason: '' }, validate: { reason: (v) => (v.trim() ? null : 'Say why: agents and colleagues are told') } });
  return (
    <FormDialog
      opened={opened} onClose={onClose} title={`Freeze ${name}`} form={form} action="Freeze"
      save={async ({ reason }) => done(`Froze ${name}`, await ask(api.POST('/api/freezes', { body: { kind, name: id, reason: reason.trim() } })), ...TOPICS)}
    >
      {opened && <Text size="sm" component="div">{children}</Text>}
      <Textarea label="Reason" required data-autofocus autosize minRows={2} maxLength={500} description="Agents and colleagues are told." {...form.getInputProps('reason')} />
    </FormDialog>
  );
}

/** That it is frozen, by whom and why; `may`: the way to end it. */
export function FrozenAlert({ kind, id, name, frozen, may }: Thing & { frozen: Frozen; may: boolean }) {
  const done = useDone();
  const [asking, question] = useDisclosure();
  return (
    <Notice tone="warn" icon={IconSnowflake} title={`Frozen: ${MEANS[kind]}`}>
      <Text size="sm">{frozen.reason}</Text>
      <Text size="sm" c="dimmed">By <Actor actor={frozen.by} />, <Time at={frozen.since} />. Nothing of it is lost; it can be edited meanwhile.</Text>
      {may && <Button mt="xs" size="xs" variant="default" onClick={question.open}>Unfreeze</Button>}
      <Confirm
        opened={asking} onClose={question.close} title={`Unfreeze ${name}?`} action="Unfreeze" harmless
        run={async () => done(`${name} goes on`, await ask(api.DELETE('/api/freezes/{kind}/{id}', { params: { path: { kind, id } } })), ...TOPICS)}
      >
        It goes on with exactly what it has now. Grants and choices that were edited meanwhile hold.
      </Confirm>
    </Notice>
  );
}
