// Something to know about the page's thing before all else: a box whose words are readable in both schemes.

import { Alert } from '@mantine/core';
import type { Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './Notice.module.css';

interface Props {
  tone: 'info' | 'warn' | 'bad';
  icon: Icon;
  title?: ReactNode;
  children: ReactNode;
}

export function Notice({ tone, icon: Icon, title, children }: Props) {
  return (
    <Alert variant="default" icon={<Icon aria-hidden />} title={title} className={classes.notice} data-tone={tone} py={title ? undefined : 'xs'}>
      {children}
    </Alert>
  );
}
