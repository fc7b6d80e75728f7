// Stopping an agent for a while, and letting it go on.

import { Button, Stack, Text, Textarea } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useDisclosure } from '@mantine/hooks';
import { api, ask } from '../../api/client';
import type { AgentView } from '../../api/schema';
import { Confirm } from '../../components/Confirm';
import { FormDialog } from '../../components/FormDialog';
import { useDone } from '../../components/useDone';

const TOPICS = ['agents', 'freezes', 'overview', 'explain'];

export function FreezeDialog({ agent, opened, onClose }: { agent: AgentView; opened: boolean; onClose: () => void }) {
  const done = useDone();
  const form = useForm({ initialValues: { reason: '' }, validate: { reason: (text) => (text.trim() ? null : 'Say why: the agent and your colleagues are told.') } });
  const save = async ({ reason }: { reason: string }) => {
    const answer = await ask(api.POST('/api/freezes', { body: { kind: 'agent', name: agent.did, reason: reason.trim() } }));
    done(`${agent.name} is frozen`, answer, ...TOPICS);
  };
  return (
    <FormDialog opened={opened} onClose={onClose} title={`Freeze ${agent.name}`} form={form} save={save} action="Freeze">
      <Stack gap="xs">
        <Text size="sm">It keeps its session and may use nothing until it is unfrozen. Then it has exactly what it had.</Text>
        <Text size="sm">Where it shares a realm&apos;s key, that key is replaced; the other agents of the realm have five minutes to change to the new one.</Text>
      </Stack>
      <Textarea label="Reason" description="The agent and your colleagues are told." required autosize minRows={2} maxLength={500} data-autofocus {...form.getInputProps('reason')} />
    </FormDialog>
  );
}

export function UnfreezeButton({ agent }: { agent: AgentView }) {
  const [opened, { open, close }] = useDisclosure();
  const done = useDone();
  const run = async () => {
    const params = { path: { kind: 'agent' as const, id: agent.did } };
    done(`${agent.name} goes on`, await ask(api.DELETE('/api/freezes/{kind}/{id}', { params })), ...TOPICS);
  };
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={open}>Unfreeze</Button>
      <Confirm opened={opened} onClose={close} title={`Unfreeze ${agent.name}?`} action="Unfreeze" run={run} harmless>
        It goes on with exactly what it had: its realms and its choice of a model are as they are now.
      </Confirm>
    </>
  );
}
