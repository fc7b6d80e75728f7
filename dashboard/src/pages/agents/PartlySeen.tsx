// An agent that is in realms which the caller may not see: what it gets is shown only to who may in all of them.

import { Text } from '@mantine/core';
import { IconEyeOff } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Problem } from '../../api/problem';
import { Notice } from '../../components/Notice';
import { Loaded } from '../../components/Page';

export const isPartlySeen = (error: unknown) => Boolean(error) && Problem.from(error).status === 403;

/** As `Loaded`, with words for that case. */
export function Whole<T>({ query, children }: { query: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  if (!isPartlySeen(query.error)) return <Loaded query={query}>{children}</Loaded>;
  return (
    <Notice tone="warn" icon={IconEyeOff} title="You see a part of this agent">
      <Text size="sm">It is in a realm where you may not read agents. How it gets its LLM is shown, and changed, by who may in all of its realms.</Text>
    </Notice>
  );
}
