// Figures over time as a line, small; the newest and the largest are also said in words.

import classes from './Sparkline.module.css';

interface Props {
  /** Oldest first; null where there is nothing. */
  values: (number | null)[];
  /** What it shows, for those who do not see it. */
  label: string;
  height?: number;
}

export function Sparkline({ values, label, height = 44 }: Props) {
  const width = 240;
  const top = Math.max(1, ...values.map((v) => v ?? 0));
  const step = width / Math.max(1, values.length - 1);
  const y = (v: number) => height - 3 - (v / top) * (height - 8);
  const points = values.map((v, n): [number, number] => [n * step, y(v ?? 0)]);
  const line = points.map(([x, y], n) => `${n ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');
  return (
    <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" className={classes.spark} height={height} role="img" aria-label={label}>
      <path d={`${line}L${width} ${height}L0 ${height}Z`} className={classes.area} />
      <path d={line} className={classes.line} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
