const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ'] as const;

/**
 * The only variables that a supervised child takes over from the supervisor's own environment: where programs, home and
 * temporary files are, language and time zone. Everything else a child reads is set by name by whoever starts it, so that
 * nothing works by accident of the shell it was started from.
 */
export function inheritedEnv(parent: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of INHERITED) {
    const value = parent[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
