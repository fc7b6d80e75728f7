// What stands around every page: the way to all others, who is signed in, and whether what is shown is live.

import { ActionIcon, Alert, AppShell, Box, Burger, Button, Group, Kbd, Menu, NavLink, ScrollArea, Text, Tooltip, useMantineColorScheme } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { IconDeviceDesktop, IconKeyboard, IconLogout, IconMoon, IconPlugConnectedX, IconSearch, IconSun, IconUser } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { api, ask } from '../api/client';
import { follow, useLive } from '../api/live';
import { useCan, useMe } from '../api/me';
import { Problem } from '../api/problem';
import { sessionEnded } from '../api/session';
import { sayProblem } from '../components/Problem';
import { clockTime } from '../components/Time';
import { useSingleKeys } from '../components/useKey';
import { NAVIGATION } from './navigation';
import { SignInAgain } from './SignInAgain';
import classes from './Shell.module.css';

/** Loaded when it is first asked for. */
const Finder = lazy(() => import('./Finder').then(({ Finder }) => ({ default: Finder })));

export function Shell() {
  const [finding, setFinding] = useState(0);
  const find = () => {
    // It would open below the dialog that asks to sign in again.
    if (!sessionEnded()) setFinding((n) => n + 1);
  };
  useHotkeys([['mod+K', find]], []);
  const client = useQueryClient();
  const [opened, { toggle, close }] = useDisclosure();
  const burger = useRef<HTMLButtonElement>(null);
  const pages = useRef<HTMLDivElement>(null);
  // On a phone the navigation lies over the page: the focus goes into it, and with Escape back to the button.
  useEffect(() => {
    if (opened) pages.current?.querySelector('a')?.focus();
  }, [opened]);
  useHotkeys([['Escape', () => {
    if (!opened) return;
    close();
    burger.current?.focus();
  }]], []);
  useEffect(() => follow(client), [client]);
  // Somebody else has signed in in another tab: what stands here was read, and typed, by who was before.
  const { actor } = useMe();
  const [began] = useState(actor);
  useEffect(() => {
    if (actor !== began) window.location.assign('/');
  }, [actor, began]);
  return (
    <AppShell header={{ height: 52 }} navbar={{ width: 232, breakpoint: 'md', collapsed: { mobile: !opened } }} padding={0}>
      <a href="#main" className={classes.skip}>Go to the content</a>
      <AppShell.Header className={classes.header}>
        <Group h="100%" px="md" gap="sm" wrap="nowrap">
          <Burger ref={burger} aria-expanded={opened} opened={opened} onClick={toggle} hiddenFrom="md" size="sm" aria-label={opened ? 'Close the navigation' : 'Open the navigation'} />
          <Link to="/" className={classes.brand} onClick={close}>
            <img src="/favicon.svg" alt="" width={24} height={24} />
            Reeve
          </Link>
          <Box flex={1} />
          <Button
            variant="default" size="xs" c="dimmed" fw={400} onClick={find} visibleFrom="sm"
            leftSection={<IconSearch size={14} aria-hidden />} rightSection={<Kbd size="xs">Ctrl K</Kbd>}
          >
            Find anything
          </Button>
          <ActionIcon variant="default" hiddenFrom="sm" onClick={find} aria-label="Find anything"><IconSearch size={16} aria-hidden /></ActionIcon>
          <LiveDot />
          <WhoAmI />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar ref={pages} className={classes.navbar} data-opened={opened || undefined} aria-label="Pages">
        <ScrollArea flex={1} type="never"><Navigation onGo={close} /></ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1} className={classes.main}>
        <Lost />
        <Box className={classes.page}><Outlet /></Box>
      </AppShell.Main>
      {finding > 0 && <Suspense><Finder opened={finding} /></Suspense>}
      <SignInAgain />
    </AppShell>
  );
}

function Navigation({ onGo }: { onGo: () => void }) {
  const can = useCan();
  const path = useRouterState({ select: (s) => s.location.pathname });
  return (
    <Box py="sm" px="xs">
      {NAVIGATION.map((group) => {
        const items = group.items.filter((item) => !item.needs || can(item.needs, 'any'));
        if (items.length === 0) return null;
        return (
          <Box key={group.label} mb="md" role="group" aria-label={group.label}>
            <Text size="xs" c="dimmed" fw={550} px={10} mb={4} aria-hidden>{group.label}</Text>
            {items.map(({ to, label, icon: Icon }) => (
              <NavLink
                key={to} component={Link} to={to} label={label} className={classes.item} onClick={onGo}
                leftSection={<Icon size={17} stroke={1.7} aria-hidden />}
                active={to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`)}
              />
            ))}
          </Box>
        );
      })}
    </Box>
  );
}

function LiveDot() {
  const live = useLive();
  const text = { open: 'Live: what changes is shown at once', connecting: 'Connecting…', lost: 'Connection lost' }[live.state];
  return (
    <Tooltip label={text}>
      <Group gap={6} wrap="nowrap" role="status" aria-label={text} tabIndex={0} className={classes.live} data-state={live.state}>
        <span aria-hidden className={classes.liveDot} />
        <Text size="xs" visibleFrom="xs">{live.state === 'open' ? 'Live' : live.state === 'lost' ? 'Lost' : '…'}</Text>
      </Group>
    </Tooltip>
  );
}

function Lost() {
  const live = useLive();
  if (live.state !== 'lost') return null;
  return (
    <Alert color="yellow" radius={0} icon={<IconPlugConnectedX aria-hidden />} role="alert" className={classes.lost}>
      Connection lost, showing data from {clockTime(live.at)}. Trying again; the agents go on with what they have.
    </Alert>
  );
}

function WhoAmI() {
  const me = useMe();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const schemes = [
    ['auto', 'As the system', IconDeviceDesktop], ['light', 'Light', IconSun], ['dark', 'Dark', IconMoon],
  ] as const;
  const [keys, setKeys] = useSingleKeys();
  const leave = async () => {
    try {
      await ask(api.POST('/api/auth/logout'));
    } catch (thrown) {
      if (!Problem.from(thrown).signedOut) {
        sayProblem('You are not signed out', thrown);
        return;
      }
    }
    window.location.assign('/sign-in');
  };
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <ActionIcon variant="default" radius="xl" size="lg" aria-label="Account and appearance"><IconUser size={17} aria-hidden /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{me.person?.email ?? me.actor}</Menu.Label>
        <Menu.Item component={Link} to="/account" leftSection={<IconUser size={15} aria-hidden />}>Your account and sessions</Menu.Item>
        <Menu.Divider />
        <Menu.Label>Appearance</Menu.Label>
        {schemes.map(([value, label, Icon]) => (
          <Menu.Item key={value} onClick={() => setColorScheme(value)} leftSection={<Icon size={15} aria-hidden />} fw={colorScheme === value ? 640 : undefined}>
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => setKeys(!keys)} leftSection={<IconKeyboard size={15} aria-hidden />} closeMenuOnClick={false}>
          Single-key shortcuts: {keys ? 'on' : 'off'}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={() => void leave()} leftSection={<IconLogout size={15} aria-hidden />}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
