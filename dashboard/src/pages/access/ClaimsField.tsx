// What the claims of a job's own token must be, line by line.

import { ActionIcon, Autocomplete, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { CiSystem } from './ciSystems';

export interface Claim {
  /** Of the line, for React. */
  key: number;
  name: string;
  value: string;
}

let lines = 0;
export const newClaim = (name = '', value = ''): Claim => {
  lines += 1;
  return { key: lines, name, value };
};

export const claimsOf = (claims: Claim[]) => Object.fromEntries(claims.map((c) => [c.name.trim(), c.value.trim()]));

export function missingClaims(claims: Claim[]): string | null {
  if (claims.length === 0) return 'Say whose the jobs are, or every project at that CI system could use the rule.';
  if (claims.some((c) => !c.name.trim() || !c.value.trim())) return 'Every line needs a claim and what it must be.';
  const names = new Set(claims.map((c) => c.name.trim()));
  return names.size < claims.length ? 'Every claim once.' : null;
}

interface Props {
  system: CiSystem;
  value: Claim[];
  onChange: (value: Claim[]) => void;
  error?: ReactNode;
}

export function ClaimsField({ system, value, onChange, error }: Props) {
  const set = (key: number, patch: Partial<Claim>) => onChange(value.map((c) => (c.key === key ? { ...c, ...patch } : c)));
  return (
    <Stack gap="xs" role="group" aria-label="Which jobs">
      <div>
        <Text size="sm" fw={500}>Which jobs</Text>
        <Text size="xs" c="dimmed">All lines must fit. A * at the end stands for any rest. One must say whose the jobs are, or every project there could use the rule.</Text>
      </div>
      {value.map((claim, n) => (
        <Group key={claim.key} gap="xs" wrap="nowrap">
          <Autocomplete
            flex={2} miw={0} aria-label={`Claim ${n + 1}`} placeholder="Claim" value={claim.name}
            data={system.known.filter((name) => name === claim.name || !value.some((c) => c.name === name))} onChange={(name) => set(claim.key, { name })}
          />
          <TextInput
            flex={3} miw={0} aria-label={`What claim ${n + 1} must be`} placeholder={system.examples[claim.name] ?? 'Value'} value={claim.value}
            onChange={(event) => set(claim.key, { value: event.currentTarget.value })}
          />
          <ActionIcon variant="subtle" color="gray" size={36} aria-label={`Take line ${n + 1} away`} onClick={() => onChange(value.filter((c) => c.key !== claim.key))}>
            <IconTrash size={16} aria-hidden />
          </ActionIcon>
        </Group>
      ))}
      {error && <Text size="xs" c="var(--mantine-color-error)" role="alert">{error}</Text>}
      <Group>
        <Button size="compact-sm" variant="default" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => onChange([...value, newClaim()])}>Add a claim</Button>
      </Group>
    </Stack>
  );
}
