// Colours, type and the defaults of components. Violet is kept for one thing: that Realm Routing is active.

import { createTheme, type MantineColorsTuple } from '@mantine/core';

const reeve: MantineColorsTuple = [
  '#e9f8f5', '#d3efe9', '#a6ddd2', '#75cbbb', '#4dbca8', '#33b19b', '#1f9c87', '#0b7a6f', '#0a655c', '#07504a',
];
const slate: MantineColorsTuple = [
  '#c9d1d9', '#b1bac4', '#9aa4b0', '#76808d', '#4a525e', '#343b45', '#272d36', '#1b2027', '#14181e', '#0e1116',
];

export const theme = createTheme({
  fontFamily: "'Inter Variable', system-ui, -apple-system, 'Segoe UI', sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  colors: { reeve, dark: slate },
  primaryColor: 'reeve',
  primaryShade: 7,
  autoContrast: true,
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  headings: { fontWeight: '640' },
  components: {
    CloseButton: { defaultProps: { 'aria-label': 'Close' } },
    Button: { defaultProps: { size: 'sm' } },
    Modal: { defaultProps: { centered: true, padding: 'lg', overlayProps: { backgroundOpacity: 0.45 } } },
    Drawer: { defaultProps: { position: 'right', padding: 'lg' } },
    Tooltip: { defaultProps: { openDelay: 250, events: { hover: true, focus: true, touch: true } } },
    // The first item has the focus, as people who use the keyboard expect; a placeholder is no part of a menu.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false, menuItemTabIndex: 0 } },
    // The list itself scrolls (main.css): a box that scrolls inside it could not be reached by keyboard.
    ...Object.fromEntries(['Select', 'MultiSelect', 'Autocomplete', 'TagsInput'].map((name) => [name, { defaultProps: { withScrollArea: false } }])),
    Table: { defaultProps: { verticalSpacing: 10, horizontalSpacing: 'md' } },
  },
});
