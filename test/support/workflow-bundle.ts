import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, makeTelemetryFilterString, Runtime, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { buildSync } from 'esbuild';

const source = (path: string): string => fileURLToPath(new URL(`../../src/workflows/${path}`, import.meta.url));

/** Bundles the workflow definitions from their sources: some seconds, so once per test file. */
export async function bundleWorkflows(): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({
    workflowsPath: source('definitions/index.ts'),
    payloadConverterPath: source('payloads/converter.ts'),
    logger: new DefaultLogger('WARN'),
    webpackConfigHook: (config) => ({ ...config, resolve: { ...config.resolve, extensionAlias: { '.js': ['.ts', '.js'] } } }),
  });
}

/** The payload converter as a file that Temporal's worker can load, which knows no TypeScript. */
export function compilePayloadConverter(): { readonly path: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'stigmer-converter-'));
  const path = join(folder, 'converter.cjs');
  buildSync({ entryPoints: [source('payloads/converter.ts')], bundle: true, platform: 'node', format: 'cjs', outfile: path });
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Lets Temporal's libraries print errors only: tests make runners hang and servers die on purpose. Once per test file, before any worker. */
export function quietTemporalRuntime(): void {
  const filter = makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' });
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter } }, shutdownSignals: [] });
}
