// The way to "can this agent use this model", from wherever one of the two is shown.

import { Button, type ButtonProps } from '@mantine/core';
import { useRouter } from '@tanstack/react-router';
import type { MouseEvent, ReactNode } from 'react';

interface Props extends ButtonProps {
  agent?: string;
  model?: string;
  'aria-label'?: string;
  children: ReactNode;
}

export function ExplainLink({ agent, model, children, ...rest }: Props) {
  const router = useRouter();
  const href = `/explain?${new URLSearchParams([...(agent ? [['agent', agent]] : []), ...(model ? [['model', model]] : [])])}`;
  const go = (event: MouseEvent) => {
    // With a key held it is the browser's: a new tab or window.
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void router.navigate({ href });
  };
  return <Button component="a" href={href} onClick={go} {...rest}>{children}</Button>;
}
