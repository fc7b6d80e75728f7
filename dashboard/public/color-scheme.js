// Runs before the first paint, so that a dark page does not flash white. A file of its own: the page allows no inline script.
(() => {
  let chosen = null;
  try { chosen = localStorage.getItem('mantine-color-scheme-value'); } catch { /* storage is off: the system's scheme */ }
  const dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
