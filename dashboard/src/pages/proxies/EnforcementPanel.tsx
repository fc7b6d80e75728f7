// Whether a proxy really refuses what it is told to refuse: each check, what it found and what it means.

import { Box, Group, SimpleGrid, Text } from '@mantine/core';
import type { Check, ProxyView } from '../../api/schema';
import { Panel } from '../../components/Panel';
import { Status } from '../../components/Status';
import { Time } from '../../components/Time';
import { CHECKS } from './words';

const ALL: Check[] = ['no-models', 'model-in-body', 'model-in-query', 'pass-through', 'management'];

export function EnforcementPanel({ proxy }: { proxy: ProxyView }) {
  const policy =
    proxy.enforcementPolicy === 'require'
      ? 'Policy: require. Nobody may use anything on it until every check was seen to hold.'
      : 'Policy: warn. A check that does not hold is shown.';
  return (
    <Panel title="Enforcement" lead={<>{policy} {proxy.enforcementCheckedAt ? <>Tried <Time at={proxy.enforcementCheckedAt} />, and daily.</> : 'Not tried yet.'}</>}>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl" verticalSpacing="md">
        {ALL.map((check) => {
          const result = proxy.enforcement.find((r) => r.check === check);
          const [tried, means] = CHECKS[check];
          const [state, label] = result?.held === true ? ['held', 'held'] : result?.held === false ? ['not-held', 'not held'] : ['off', result ? 'could not be told' : 'not asked'];
          return (
            <Group key={check} justify="space-between" align="flex-start" gap="sm" wrap="nowrap">
              <Box miw={0}>
                <Text size="sm" fw={550}>{tried}</Text>
                <Text size="xs" c="dimmed">{means}</Text>
              </Box>
              <Text size="sm" component="span" style={{ flex: 'none' }}><Status state={state ?? 'off'} label={label} why={result?.status ? `It was answered with ${result.status}.` : undefined} /></Text>
            </Group>
          );
        })}
      </SimpleGrid>
    </Panel>
  );
}
