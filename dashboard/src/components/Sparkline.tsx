// Figures over time as a line, small; the newest and the largest are also said in words.

import classes from './Sparkline.module.css';

interface Props {
  /** Oldest first; null where there is nothing, and no line. */
  values: (number | null)[];
  /** What it shows, for those who do not see it. */
  label: string;
  height?: number;
}

export function Sparkline({ values, label, height = 44 }: Props) {
  const width = 240;
  const top = Math.max(1, ...values.map((v) => v ?? 0));
  const step = width / Math.max(1, values.length - 1);
  const at = (n: number, v: number) => `${(n * step).toFixed(1)} ${(height - 3 - (v / top) * (height - 8)).toFixed(1)}`;
  const runs: { from: number; points: string[] }[] = [];
  for (const [n, v] of values.entries()) {
    if (v === null) continue;
    const last = runs.at(-1);
    if (last && last.from + last.points.length === n) last.points.push(at(n, v));
    else runs.push({ from: n, points: [at(n, v)] });
  }
  const floor = (n: number) => `${(n * step).toFixed(1)} ${height}`;
  return (
    <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" className={classes.spark} height={height} role="img" aria-label={label}>
      {runs.map(({ from, points }) => (
        <g key={from}>
          <path d={`M${floor(from)}L${points.join('L')}L${floor(from + points.length - 1)}Z`} className={classes.area} />
          {/* One alone is a dot. */}
          <path d={`M${points.join('L')}${points.length === 1 ? 'h0' : ''}`} className={classes.line} vectorEffect="non-scaling-stroke" />
        </g>
      ))}
    </svg>
  );
}
