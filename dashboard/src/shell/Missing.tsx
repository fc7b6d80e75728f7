// There is no such page; and the page that broke.

import { Anchor, Stack } from '@mantine/core';
import { IconMap2 } from '@tabler/icons-react';
import { Link, type ErrorComponentProps } from '@tanstack/react-router';
import { Empty } from '../components/Empty';
import { Page } from '../components/Page';
import { ProblemAlert } from '../components/Problem';

export function Missing() {
  return (
    <Page title="There is no such page">
      <Empty icon={IconMap2} title="Nothing is here" action={<Anchor component={Link} to="/">To the overview</Anchor>}>
        The link may be old, or what it names is gone.
      </Empty>
    </Page>
  );
}

/** To load it again also helps after an upgrade of Reeve, when parts of the console that was loaded before are gone. */
export function Broken({ error }: ErrorComponentProps) {
  return (
    <Stack p="md" maw={640} mx="auto">
      <ProblemAlert error={error} retry={() => window.location.reload()} />
    </Stack>
  );
}
