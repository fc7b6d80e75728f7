// What a browser calls itself, in words. It may say anything: this is a help for the eye and proves nothing.

/** The first that fits; most browsers name others, too. */
const PROGRAMS: [RegExp, string][] = [
  [/^reeve\b/i, 'Reeve CLI'], [/^curl\//, 'curl'], [/Edg(e|A|iOS)?\//, 'Edge'], [/OPR\//, 'Opera'], [/SamsungBrowser\//, 'Samsung Internet'],
  [/Firefox\/|FxiOS\//, 'Firefox'], [/HeadlessChrome\//, 'Chrome without a window'], [/Chrome\/|CriOS\//, 'Chrome'], [/Version\/.*Safari\//, 'Safari'],
];
const SYSTEMS: [RegExp, string][] = [
  [/iPhone/, 'iPhone'], [/iPad/, 'iPad'], [/Android/, 'Android'], [/Windows/, 'Windows'], [/Mac OS X|Macintosh/, 'macOS'], [/CrOS/, 'ChromeOS'], [/Linux/, 'Linux'],
];

const first = (list: [RegExp, string][], text: string) => list.find(([pattern]) => pattern.test(text))?.[1];

export function browserText(userAgent: string): string {
  const [program, system] = [first(PROGRAMS, userAgent), first(SYSTEMS, userAgent)];
  if (program && system) return `${program} on ${system}`;
  return program ?? system ?? (userAgent.slice(0, 60) || 'Unknown program');
}
