// The form for a rule: which CI system, which of its jobs, and what they may do.

import { NumberInput, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { api, ask } from '../../api/client';
import type { WorkloadRuleView } from '../../api/schema';
import { FormDialog } from '../../components/FormDialog';
import { useDone } from '../../components/useDone';
import { CI_SYSTEMS, type CiSystem } from './ciSystems';
import { claimsOf, ClaimsField, missingClaims, newClaim, type Claim } from './ClaimsField';
import { goodName } from './names';
import { missingRights, noRights, rightsBody, RightsFields } from './RightsFields';

interface Props {
  opened: boolean;
  onClose: () => void;
  onMade: (rule: WorkloadRuleView) => void;
}

const begin = (system: CiSystem): Claim[] => system.claims.map(([name, value]) => newClaim(name, value));
const [first] = CI_SYSTEMS;

export function NewRule({ opened, onClose, onMade }: Props) {
  const done = useDone();
  const form = useForm({
    initialValues: {
      system: first?.value ?? 'other',
      name: '',
      issuer: first?.issuer ?? '',
      audience: window.location.origin,
      claims: first ? begin(first) : [],
      rights: noRights(false),
      minutes: 15 as number | string,
    },
    validate: {
      name: goodName,
      issuer: (v) => (/^https?:\/\//.test(v) ? null : 'A URL, as the tokens of the jobs name it.'),
      audience: (v) => (v.trim() ? null : 'What the jobs ask their tokens for.'),
      claims: missingClaims,
      rights: missingRights,
    },
  });
  const system = CI_SYSTEMS.find((s) => s.value === form.values.system);
  const choose = (value: string) => {
    const chosen = CI_SYSTEMS.find((s) => s.value === value);
    if (!chosen) return;
    form.setValues({ system: chosen.value, issuer: chosen.issuer, claims: begin(chosen) });
    form.clearErrors();
  };
  const close = () => {
    form.reset();
    onClose();
  };
  return (
    <FormDialog
      opened={opened} onClose={close} title="New CI rule" form={form} action="Make it" size="lg"
      save={async ({ name, issuer, audience, claims, rights, minutes }) => {
        const body = {
          name,
          issuer: issuer.trim(),
          audience: audience.trim(),
          claims: claimsOf(claims),
          ...rightsBody(rights),
          lifetimeSeconds: minutes === '' ? undefined : Number(minutes) * 60,
        };
        onMade(await ask(api.POST('/api/workload-rules', { body })));
        done(`Made the rule ${name}`, undefined, 'access', 'audit');
      }}
    >
      <Stack gap={4}>
        <Text size="sm" fw={500}>CI system</Text>
        <SegmentedControl aria-label="CI system" value={form.values.system} data={CI_SYSTEMS.map(({ value, label }) => ({ value, label }))} onChange={choose} />
      </Stack>
      <TextInput label="Name" required data-autofocus autoComplete="off" placeholder="deploys" description="What the audit calls the jobs, before their subject." {...form.getInputProps('name')} />
      <TextInput
        label="Issuer" required placeholder="https://ci.example.org" {...form.getInputProps('issuer')}
        description={system?.value === 'gitlab' ? 'Of the jobs’ tokens. For your own GitLab: its URL.' : 'Of the jobs’ tokens.'}
      />
      {system && <ClaimsField key={system.value} system={system} value={form.values.claims} onChange={(claims) => form.setFieldValue('claims', claims)} error={form.errors.claims} />}
      <TextInput label="Audience" required description="What the jobs ask their tokens for, so that a token for another service does not count here." {...form.getInputProps('audience')} />
      <RightsFields needs="access:write" value={form.values.rights} onChange={(rights) => form.setFieldValue('rights', rights)} error={form.errors.rights} />
      <NumberInput label="Minutes that a token counts" min={1} max={60} allowDecimal={false} description="1 to 60. Long enough for the job, and no longer." {...form.getInputProps('minutes')} />
    </FormDialog>
  );
}
