// All pages, in the order of the navigation; each is offered to whom may read what it shows.

import {
  IconArrowsShuffle, IconBox, IconFingerprint, IconHelpHexagon, IconHistory, IconHome, IconKey, IconRobot, IconServer, IconSettings, IconTicket,
  IconUsers, IconUsersGroup, type Icon,
} from '@tabler/icons-react';

export interface NavigationItem {
  to: string;
  label: string;
  icon: Icon;
  /** Permission, in some realm at least. */
  needs?: string;
}

export const NAVIGATION: { label: string; items: NavigationItem[] }[] = [
  { label: 'Now', items: [{ to: '/', label: 'Overview', icon: IconHome }] },
  {
    label: 'Registry',
    items: [
      { to: '/models', label: 'Models', icon: IconBox, needs: 'models:read' },
      { to: '/credentials', label: 'Credentials', icon: IconKey, needs: 'credentials:read' },
      { to: '/realms', label: 'Realms', icon: IconUsersGroup, needs: 'realms:read' },
      { to: '/agents', label: 'Agents', icon: IconRobot, needs: 'agents:read' },
      { to: '/enrollment', label: 'Enrolment', icon: IconTicket, needs: 'enrollment:read' },
      { to: '/proxies', label: 'Proxies', icon: IconServer, needs: 'proxies:read' },
    ],
  },
  {
    label: 'What happens',
    items: [
      { to: '/changes', label: 'Changes', icon: IconArrowsShuffle },
      { to: '/explain', label: 'Explain', icon: IconHelpHexagon, needs: 'agents:read' },
      // Access requests stand here.
    ],
  },
  {
    label: 'Administration',
    items: [
      { to: '/access', label: 'Access', icon: IconUsers, needs: 'tokens:read' },
      { to: '/audit', label: 'Audit', icon: IconFingerprint, needs: 'audit:read' },
      // Webhooks stand here.
      { to: '/settings', label: 'Settings', icon: IconSettings, needs: 'access:read' },
    ],
  },
];
export const ACCOUNT: NavigationItem = { to: '/account', label: 'Your account', icon: IconHistory };
