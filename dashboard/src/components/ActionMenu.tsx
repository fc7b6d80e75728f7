// What can be done with a thing, behind three dots: in the row of a list, or at the head of its page.

import { ActionIcon, Menu } from '@mantine/core';
import { IconDots, type Icon } from '@tabler/icons-react';

export interface Action {
  label: string;
  icon: Icon;
  run: () => void;
  /** Takes something away. */
  bad?: boolean;
  disabled?: boolean;
}

interface Props {
  /** The thing's name, in a row. */
  of?: string;
  /** Those that may not be done are `false`; without any there is no menu. */
  actions: (Action | false)[];
}

export function ActionMenu({ of, actions }: Props) {
  const items = actions.filter((action) => action !== false);
  if (items.length === 0) return null;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        {of === undefined
          ? <ActionIcon variant="default" size={36} aria-label="More actions"><IconDots size={18} aria-hidden /></ActionIcon>
          : <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${of}`}><IconDots size={16} aria-hidden /></ActionIcon>}
      </Menu.Target>
      <Menu.Dropdown>
        {items.map(({ label, icon: Icon, run, bad, disabled }) => (
          <Menu.Item key={label} color={bad ? 'var(--mantine-color-error)' : undefined} disabled={disabled} leftSection={<Icon size={15} aria-hidden />} onClick={run}>
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
