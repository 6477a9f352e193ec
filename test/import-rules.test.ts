import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const src = resolve(import.meta.dirname, '..', 'src');

/** Which folders of src/ a folder may import from, beside itself. A path with a slash names single files or sub-folders. */
const allowed: Record<string, readonly string[]> = {
  contract: [],
  expressions: [],
  'workflow-document': ['contract', 'expressions'],
  execution: ['contract'],
  store: ['contract', 'execution'],
  broker: ['contract', 'execution'],
  client: ['contract', 'execution'],
  workflows: ['contract', 'expressions', 'workflow-document', 'execution', 'client'],
  server: ['contract', 'execution', 'store', 'broker', 'client', 'workflow-document', 'workflows/client.ts', 'workflows/payloads'],
  runner: ['contract', 'execution', 'client'],
  daemon: ['contract', 'client', 'server/env.ts', 'runner/env.ts', 'workflows/worker/env.ts', 'demo-model/env.ts'],
  cli: ['contract', 'workflow-document', 'client', 'daemon/control'],
  sdk: ['contract', 'client'],
  'demo-model': ['contract'],
};

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

function sourceFiles(): string[] {
  return readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const statements = text.matchAll(/(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|import\('([^']+)'\)/g);
  return [...statements].map((match) => ({ from: file, to: (match[2] ?? match[3]) as string, typeOnly: match[1] !== undefined }));
}

function target(entry: Import): string {
  return entry.to.startsWith('.') ? resolve(dirname(entry.from), entry.to.replace(/\.js$/, '.ts')) : entry.to;
}

const folderOf = (file: string): string => relative(src, file).split(sep)[0] as string;

describe('import rules', () => {
  it('lets each folder import only from those beneath it', () => {
    const offences = sourceFiles().flatMap((file) =>
      importsOf(file)
        .filter((entry) => entry.to.startsWith('.'))
        .filter((entry) => {
          const path = relative(src, target(entry)).split(sep).join('/');
          const own = folderOf(file);
          if (path.split('/')[0] === own) return false;
          return !(allowed[own] ?? []).some((rule) => path === rule || path.startsWith(`${rule}/`) || path.startsWith(`${rule}.`));
        })
        .map((entry) => `${relative(src, file)} imports ${entry.to}`),
    );
    expect(offences).toEqual([]);
  });

  it.each(['server/main.ts', 'cli/main.ts', 'daemon/main.ts'])('keeps the native Temporal worker out of %s', (program) => {
    const seen = new Set<string>();
    const packages = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const entry of importsOf(file)) {
        if (entry.typeOnly) continue;
        if (!entry.to.startsWith('.')) packages.add(entry.to);
        else if (!target(entry).includes(join('contract', 'gen'))) visit(target(entry));
      }
    };
    visit(join(src, program));
    expect([...packages]).not.toContain('@temporalio/worker');
  });
});
