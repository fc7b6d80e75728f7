// What to put into the CI file, ready to copy.

import { Button, Code, CopyButton, Group, Stack, Text } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import type { WorkloadRuleView } from '../../api/schema';
import { Dialog } from '../../components/Dialog';
import { lifetimeText, snippet, systemOf } from './ciSystems';

const FILES = { github: '.github/workflows/deploy.yml', gitlab: '.gitlab-ci.yml', other: 'the job' };

export function CiFile({ rule, onClose }: { rule?: WorkloadRuleView; onClose: () => void }) {
  const text = rule ? snippet(rule, window.location.origin) : '';
  return (
    <Dialog opened={rule !== undefined} onClose={onClose} size="xl" title={`For the CI file: ${rule?.name ?? ''}`}>
      {rule && (
        <Stack>
          <Text size="sm">
            For {FILES[systemOf(rule.issuer).value]}. The job needs the <Code>reeve</Code> program. Its steps then have <Code>REEVE_TOKEN</Code> for{' '}
            {lifetimeText(rule.lifetimeSeconds)}.
          </Text>
          <Code block tabIndex={0} aria-label="For the CI file" role="region">{text}</Code>
          <Group justify="flex-end" gap="xs">
            <CopyButton value={text}>
              {({ copied, copy }) => (
                <Button data-autofocus onClick={copy} leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}>
                  {copied ? 'Copied' : 'Copy'}
                </Button>
              )}
            </CopyButton>
            <Button variant="default" onClick={onClose}>Close</Button>
          </Group>
        </Stack>
      )}
    </Dialog>
  );
}
