// How an error looks: what the problem document says, its code, and the request's id for whoever looks into the log.

import { Alert, Button, Code, Group, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconAlertTriangle } from '@tabler/icons-react';
import { Problem } from '../api/problem';

export function ProblemAlert({ error, retry }: { error: unknown; retry?: () => void }) {
  if (!error) return null;
  const problem = Problem.from(error);
  return (
    <Alert color="red" variant="outline" icon={<IconAlertTriangle aria-hidden />} role="alert" title={title(problem)} styles={{ title: { color: 'var(--mantine-color-error)' } }}>
      <Stack gap="xs">
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>{problem.message}</Text>
        <Group gap="xs">
          <Code>{problem.code}</Code>
          {problem.field && <Text size="xs">field <Code>{problem.field}</Code></Text>}
          {problem.requestId && <Text size="xs" c="dimmed">request {problem.requestId}</Text>}
          {retry && <Button size="compact-xs" variant="default" onClick={retry}>Try again</Button>}
        </Group>
      </Stack>
    </Alert>
  );
}

/** Of what has no place of its own on the page, in the corner. */
export function sayProblem(what: string, error: unknown) {
  const problem = Problem.from(error);
  notifications.show({ color: 'red', role: 'alert', autoClose: false, title: what, message: <>{problem.message} <Code>{problem.code}</Code></> });
}

function title(problem: Problem): string {
  switch (problem.status) {
    case 0: return problem.code === 'no-answer' ? 'No answer' : 'A fault of the console';
    case 403: return 'You may not do this';
    case 404: return 'Not found';
    case 412: return 'Somebody else was quicker';
    default: return problem.status >= 500 ? 'Reeve could not do this' : 'This was not done';
  }
}
