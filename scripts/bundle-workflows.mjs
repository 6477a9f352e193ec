// Bundles the workflow definitions, so that the worker starts in a second. The stamp ties the bundle to the package's version: a
// worker refuses another one.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { transformSync } from 'esbuild';
import { root } from './prepare.mjs';

const workflows = join(root, 'dist', 'workflows');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const { code } = await bundleWorkflowCode({
  workflowsPath: join(workflows, 'definitions', 'index.js'),
  payloadConverterPath: join(workflows, 'payloads', 'converter.js'),
  logger: new DefaultLogger('WARN'),
});

// Each of the worker's threads keeps code and source map in memory: without the map and the white space that is 50 MB less. Names stay,
// so that a stack trace can be read. Temporal insists on a map, so it gets an empty one.
const { code: compact } = transformSync(code.slice(0, code.lastIndexOf('//# sourceMappingURL=')), {
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  target: 'node20',
});
const map = Buffer.from(JSON.stringify({ version: 3, file: 'workflow-bundle.js', sources: [], names: [], mappings: '' })).toString('base64');
writeFileSync(join(workflows, 'workflow-bundle.js'), `/* stigmer ${version} */ ${compact}//# sourceMappingURL=data:application/json;base64,${map}\n`);
