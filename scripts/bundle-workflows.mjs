// Bundles the workflow definitions, so that the worker starts in a second. The stamp ties the bundle to the package's version: a
// worker refuses another one.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { root } from './prepare.mjs';

const workflows = join(root, 'dist', 'workflows');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const { code } = await bundleWorkflowCode({
  workflowsPath: join(workflows, 'definitions', 'index.js'),
  payloadConverterPath: join(workflows, 'payloads', 'converter.js'),
  logger: new DefaultLogger('WARN'),
});
writeFileSync(join(workflows, 'workflow-bundle.js'), `/* stigmer ${version} */ ${code}`);
