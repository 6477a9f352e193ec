import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../src/workflow-document/json.js';
import { type InterpreterWorld, startInterpreterWorld } from './support/interpreter-world.js';

let world: InterpreterWorld;

beforeAll(async () => {
  world = await startInterpreterWorld();
}, 90_000);

afterAll(async () => {
  await world.close();
});

const COMPLETED = 'EXECUTION_COMPLETED';
const FAILED = 'EXECUTION_FAILED';

/** Documents with their results: [what, tasks, result, input]. */
const documents: readonly (readonly [what: string, text: string, output: unknown, input?: unknown])[] = [
  ['set hands its object on', 'do: [{a: {set: {x: 1, y: "${ .in * 2 }"}}}, {b: {set: {z: "${ .y + .x }"}}}]', { z: 5 }, { in: 2 }],
  ['a task goes on with the output of the one before', 'do: [{a: {set: {n: 1}, output: {as: .n}}}, {b: {set: {got: "${ . }", input: "${ $input }"}}}]', { got: 1, input: 1 }],
  ['an input is taken apart', 'do: [{a: {input: {from: .deep}, set: {x: "${ .v }", raw: "${ $task.input.deep.v }"}}}]', { x: 7, raw: 7 }, { deep: { v: 7 } }],
  ['an export is the context of later tasks', 'do: [{a: {set: {n: 1}, export: {as: "${ {kept: .n} }"}}}, {b: {set: {m: 2}, export: {as: "${ $context + {more: .m} }"}}}, {c: {set: {c: "${ $context }"}}}]', { c: { kept: 1, more: 2 } }],
  ['a condition skips', 'do: [{a: {set: {x: 1}}}, {b: {if: .x > 1, set: {x: 2}}}, {c: {if: "${ .x == 1 }", set: {x: 3}}}]', { x: 3 }],
  ['then goes forward, and end ends all', 'do: [{a: {set: {x: 1}, then: c}}, {b: {set: {x: 2}}}, {c: {do: [{d: {set: {x: 3}, then: end}}]}}, {e: {set: {x: 4}}}]', { x: 3 }],
  ['exit leaves its list', 'do: [{a: {do: [{b: {set: {x: 1}, then: exit}}, {c: {set: {x: 2}}}]}}, {d: {set: {y: "${ .x }"}}}]', { y: 1 }],
  ['then goes back', 'do: [{a: {set: {n: "${ (.n // 0) + 1 }"}}}, {again: {switch: [{more: {when: .n < 5, then: a}}, {done: {then: end}}]}}]', { n: 5 }],
  ['switch takes the first case that holds', 'do: [{s: {switch: [{one: {when: .v == 1, then: x}}, {two: {when: .v > 1, then: y}}, {else: {then: x}}]}}, {x: {set: {at: x}, then: end}}, {y: {set: {at: y}}}]', { at: 'y' }, { v: 2 }],
  ['for hands its output from turn to turn', 'do: [{l: {for: {each: x, at: i, in: .xs}, do: [{a: {set: {xs: [], sum: "${ (.sum // 0) + $x * ($i + 1) }"}}}]}}, {e: {set: {sum: "${ .sum }"}}}]', { sum: 14 }, { xs: [1, 2, 3] }],
  ['for ends with its condition', 'do: [{l: {for: {in: "[range(10)]"}, while: "$index < 3", do: [{a: {set: {n: "${ (.n // 0) + 1 }"}}}]}}]', { n: 3 }],
  ['fork gives the outputs of its branches in their order', 'do: [{f: {fork: {branches: [{l: {wait: {milliseconds: 20}, output: {as: "${ 1 }"}}}, {r: {do: [{a: {set: {b: 2}}}]}}]}}}, {e: {set: {all: "${ . }"}}}]', { all: [1, { b: 2 }] }],
  ['competing branches: the first wins', 'do: [{f: {fork: {compete: true, branches: [{slow: {wait: PT1H}}, {fast: {set: {won: fast}}}]}}}]', { won: 'fast' }],
  ['an error is caught by its status', `do: [{t: {try: [{r: {raise: {error: {type: 'https://example.com/late', status: 408, title: Late, detail: '\${ "by " + .by }'}}}}], catch: {errors: {with: {status: 408}}, as: e, do: [{s: {set: {t: '\${ $e.title }', d: '\${ $e.detail }', i: '\${ $e.instance }'}}}]}}}]`, { t: 'Late', d: 'by 5', i: '/do/0/t/try/0/r' }, { by: '5' }],
  ['an error of an expression is caught', `do: [{t: {try: [{s: {set: {x: '\${ 1 / 0 }'}}}], catch: {as: e, do: [{c: {set: {type: '\${ $e.type }', status: '\${ $e.status }'}}}]}}}]`, { type: 'https://serverlessworkflow.io/spec/1.0.0/errors/expression', status: 400 }],
  ['an expression without end is caught', `do: [{t: {try: [{s: {set: {x: '\${ def f: [f]; f }'}}}, {u: {set: {y: '\${ [range(1e9)] }'}}}], catch: {do: [{c: {set: {saved: true}}}]}}}]`, { saved: true }],
  ['try is done again by its policy', `do: [{t: {try: [{n: {set: {n: 1}}}, {r: {raise: {error: {type: 'https://example.com/e', status: 500}}}}], catch: {retry: {limit: {attempt: {count: 2}}}, do: [{c: {set: {given: up}}}]}}}]`, { given: 'up' }],
  ['a timeout is an error', 'do: [{t: {try: [{w: {wait: PT1H, timeout: {after: {milliseconds: 50}}}}], catch: {errors: {with: {status: 408}}, do: [{c: {set: {late: true}}}]}}}]', { late: true }],
  ['emit is heard in the same run', 'do: [{f: {fork: {branches: [{l: {listen: {to: {one: {with: {type: ready}}}}}}, {e: {emit: {event: {with: {type: ready, data: {x: "${ .v }"}}}}, output: {as: "${ .type }"}}}]}}}, {s: {set: {all: "${ . }"}}}]', { all: [[{ x: 3 }], 'ready'] }, { v: 3 }],
  ['a function of use is called', 'use: {functions: {double: {set: {v: "${ .n * 2 }"}}}}\ndo: [{c: {call: double, with: {n: 4}}}]', { v: 8 }],
  ['an activity is called', 'do: [{c: {call: activity, with: {name: Resize, arguments: ["${ .a }", {w: 1}]}}}]', { resized: ['x', { w: 1 }] }, { a: 'x' }],
  ['input and output of the workflow are changed', 'input: {from: .body}\noutput: {as: "${ {result: .x} }"}\ndo: [{a: {set: {x: "${ .v }"}}}]', { result: 9 }, { body: { v: 9 } }],
  ['a result that is no object stands under value', 'do: [{a: {set: {x: 1}, output: {as: .x}}}]', { value: 1 }],
];

describe('a document', () => {
  it.each(documents.map(([what, text, output, input = {}]) => ({ what, text, output, input })))('$what', async ({ text, output, input }) => {
    const ended = await world.run(text, { input: input as Json });
    expect([ended.phase, ended.error]).toEqual([COMPLETED, '']);
    expect(ended.output).toEqual(output);
  });
});

describe("a document in the original's dialect", () => {
  it.each([
    [
      'seed, export, jump, if, output.as',
      `do:
- seed: {set: {n: 4, who: ada}, export: {as: '\${ . }'}}
- calc:
    set: {twice: '\${ $context.seed.n * 2 }', hello: '\${ "hi " + $data.who }', literal: 'not \${ $data.who } replaced'}
    then: tail
- skipped: {set: {never: true}}
- tail: {if: '\${ $data.twice > 5 }', set: {done: finished}, output: {as: '\${ {ok: true, from: .done} }'}}`,
      { ok: true, from: 'finished' },
    ],
    ['switch', "do: [{n: {set: {v: 9}}}, {route: {switch: [{isBig: {when: '${ $data.v > 5 }', then: big}}, {other: {then: small}}]}}, {small: {set: {size: small}, then: end}}, {big: {set: {size: big}, then: end}}]", { size: 'big' }],
    [
      'for with while',
      "do: [{src: {set: {xs: [3, 1, 2]}}}, {loop: {for: {each: x, at: i, in: '${ $data.xs }'}, while: '${ $data.x != 2 }', do: [{note: {set: {v: '${ $data.x * 10 }', k: '${ $data.i }'}}}]}}]",
      { value: [{ k: 0, v: 30 }, { k: 1, v: 10 }] },
    ],
    [
      'try, raise, wait',
      "do: [{guarded: {try: [{pause: {wait: {milliseconds: 50}}}, {boom: {raise: {error: {type: 'https://serverlessworkflow.io/spec/1.0.0/errors/runtime', status: 500, title: Broke}}}}], catch: {do: [{fixed: {set: {recovered: true}}}]}}}]",
      { recovered: true },
    ],
  ])('%s', async (_, text, output) => {
    const ended = await world.run(text);
    expect([ended.phase, ended.error, ended.output]).toEqual([COMPLETED, '', output]);
  });
});

describe('a run that fails', () => {
  it.each([
    ['raise', "do: [{a: {do: [{r: {raise: {error: {type: 'https://example.com/e', status: 500, title: Broke, detail: down}}}}]}}]", 'Broke: down (500, https://example.com/e), at /do/0/a/do/0/r'],
    ['an expression', "do: [{a: {set: {x: '${ .y.z }'}}}]", 'Cannot index number with "z"'],
    ['an input that does not fit', 'input: {schema: {document: {type: object, required: [name]}}}\ndo: [{a: {set: {x: 1}}}]', 'the input does not fit its schema: /name is missing'],
    ['a loop without end', 'do: [{a: {set: {x: 1}, then: a}}]', 'the run has carried out 5000 tasks, which is the limit'],
    ['the timeout of the workflow', 'timeout: {after: {milliseconds: 50}}\ndo: [{a: {wait: PT1H}}]', 'the run took longer than the timeout of the workflow'],
    ['a call that is not there', "do: [{a: {run: {shell: {command: ls}}}}]", 'run shell is not served here yet'],
  ])('by %s says where and why', { timeout: 60_000 }, async (_, text, error) => {
    const ended = await world.run(text, { input: { y: 1 }, taskLimit: 5_000 });
    expect(ended.phase).toBe(FAILED);
    expect(ended.error).toContain(error);
  });
});

describe('the tasks of a run', () => {
  it('are reported with kind, times, input, output and place', async () => {
    const { tasks } = await world.run("do: [{a: {set: {x: 1}}}, {l: {for: {in: '[1,2]'}, do: [{b: {set: {y: '${ $item }'}}}]}}, {s: {if: false, set: {z: 1}}}]");
    expect(tasks.map(({ taskId, taskName, status }) => [taskId, taskName, status])).toEqual([
      ['/do/0/a', 'a', 'WORKFLOW_TASK_COMPLETED'],
      ['/do/1/l', 'l', 'WORKFLOW_TASK_COMPLETED'],
      ['/do/1/l/do[0]/0/b', 'b', 'WORKFLOW_TASK_COMPLETED'],
      ['/do/1/l/do[1]/0/b', 'b', 'WORKFLOW_TASK_COMPLETED'],
      ['/do/2/s', 's', 'WORKFLOW_TASK_SKIPPED'],
    ]);
    expect(tasks[2]).toMatchObject({ input: { x: 1 }, output: { y: 1 }, metadata: { kind: 'set', place: '/do/1/l/do/0/b' }, startedAt: expect.any(String), completedAt: expect.any(String) });
  });

  it('that only think are one workflow task, however many', async () => {
    const steps = Array.from({ length: 100 }, (_, i) => `- s${i}: {set: {n: '\${ (.n // 0) + 1 }'}}`).join('\n');
    const { id, output } = await world.run(`do:\n${steps}`);
    expect(output).toEqual({ n: 100 });
    const { events } = await world.history(id);
    expect(events.filter(({ eventType }) => eventType === 'EVENT_TYPE_WORKFLOW_TASK_COMPLETED').length).toBeLessThanOrEqual(2);
  });
});

describe('a run that waits', () => {
  it('is paused before its next task, and resumed', async () => {
    const id = await world.start('do: [{l: {listen: {to: {one: {with: {type: go}}}}}}, {a: {set: {x: 1}}}]');
    await world.reported(id, 'l', 'IN_PROGRESS');
    await world.signal(id, 'stigmer/pause');
    await world.signal(id, 'go', { ok: true });
    expect((await world.reported(id, 'l', 'COMPLETED')).output).toEqual({ value: [{ ok: true }] });
    expect((await world.client.describe('workflow_execution', id)).state).toBe('running');
    await world.signal(id, 'stigmer/resume');
    expect(await world.ended(id)).toMatchObject({ phase: COMPLETED, output: { x: 1 } });
  });

  it('hears events by their attributes, all that it waits for', async () => {
    const id = await world.start(`do:
- l:
    listen: {to: {all: [{with: {type: vote, data: '\${ .ok }'}}, {with: {id: amend, type: signal}}]}}
    foreach: {item: e, do: [{m: {set: {got: '\${ $e }'}}}]}`);
    await world.signal(id, 'stigmer/event', { type: 'vote', data: { ok: false } });
    await world.signal(id, 'stigmer/event', { type: 'vote', data: { ok: true } });
    await world.signal(id, 'amend', { by: 2 });
    expect((await world.ended(id)).output).toEqual({ value: [{ got: { ok: true } }, { got: { by: 2 } }] });
  });

  it('ends as cancelled, with its task', async () => {
    const id = await world.start('do: [{t: {try: [{w: {wait: PT1H}}], catch: {do: [{c: {set: {x: 1}}}]}}}]');
    await world.reported(id, 'w', 'IN_PROGRESS');
    await world.client.cancel('workflow_execution', id);
    const ended = await world.ended(id);
    expect(ended.phase).toBe('EXECUTION_CANCELLED');
    expect(ended.tasks.find(({ taskName }) => taskName === 'w')).toMatchObject({ status: 'WORKFLOW_TASK_FAILED', error: 'cancelled' });
  });
});

describe('a call of an agent', () => {
  const call = (message: string): string => `do: [{a: {call: agent, with: {agent: reviewer, message: '${message}', env: {TOKEN: '\${.secrets.TOKEN}', REGION: eu}, config: {model: m}}}}]`;
  const settings = { variables: { TOKEN: { isSecret: true } }, secrets: { TOKEN: 'hunter2-secret' } };

  it('is one execution, whose last answer is the output', async () => {
    const { id, output, error } = await world.run(call('Look at 42'), settings);
    expect([error, output]).toEqual(['', { value: 'answer to Look at 42' }]);
    const made = [...world.agents.made].find(([, { spec }]) => spec?.message === 'Look at 42');
    expect(made?.[0]).toBe(`workflow:${id}:/do/0/a`);
    expect(made?.[1].spec).toMatchObject({
      agentId: 'agt-reviewer',
      runtimeEnv: { TOKEN: { value: 'hunter2-secret', isSecret: true }, REGION: { value: 'eu', isSecret: false } },
      executionConfig: { modelName: 'm' },
    });
  });

  it('that fails is an error of the task, which says what the agent said', async () => {
    expect((await world.run(call('fail please'), settings)).error).toContain('agent failed: agent reviewer ended as failed: no model');
    expect((await world.run(call('x').replace('reviewer', 'nobody'), settings)).error).toContain('agent nobody cannot be called: Agent not found: nobody');
  });

  it('is cancelled with its run', async () => {
    const id = await world.start(call('hang on'), settings);
    const made = (): string | undefined => [...world.agents.made.values()].find(({ spec }) => spec?.message === 'hang on')?.metadata?.id;
    await expect.poll(made, { timeout: 20_000 }).toBeDefined();
    await world.client.cancel('workflow_execution', id);
    expect((await world.ended(id)).phase).toBe('EXECUTION_CANCELLED');
    expect(world.agents.cancelled).toEqual([made()]);
  });
});

describe('a long run', () => {
  it('goes on where it was after it was continued as new, at any depth', { timeout: 60_000 }, async () => {
    const id = await world.start(
      `do:
- keep: {set: {n: 0}, export: {as: '\${ {kept: "yes"} }'}}
- f:
    fork:
      branches:
        - loop:
            for: {in: '[range(4)]'}
            do:
              - t: {try: [{w: {call: activity, with: {name: Resize, arguments: ['\${ $index }']}}}, {r: {if: $index == 2, raise: {error: {type: 'https://example.com/e', status: 500}}}}], catch: {do: [{c: {set: {caught: '\${ $index }'}}}]}}
        - ear: {listen: {to: {all: [{with: {type: first}}, {with: {type: last}}]}}}
- last: {set: {all: '\${ . }', kept: '\${ $context.kept }', from: '\${ $workflow.input.from }'}}`,
      { input: { from: 'here' }, historyLimit: 12 },
    );
    await world.signal(id, 'first', 1);
    const { resized } = (await world.reported(id, 'loop', 'COMPLETED')).output as { resized: unknown };
    expect(resized).toEqual([3]);
    await world.signal(id, 'last', 2);
    const ended = await world.ended(id);
    expect([ended.phase, ended.error]).toEqual([COMPLETED, '']);
    expect(ended.output).toEqual({ all: [{ resized: [3] }, [1, 2]], kept: 'yes', from: 'here' });
    expect(ended.tasks.filter(({ taskName }) => taskName === 'w').map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => 'WORKFLOW_TASK_COMPLETED'));
    expect(ended.tasks.filter(({ taskName }) => taskName === 'c')).toHaveLength(1);
    expect(JSON.stringify((await world.history(id)).events[0])).toContain('continuedExecutionRunId');
  });
});

describe('an HTTP call', () => {
  it('gives lists as lists, and the whole response when it is asked for', async () => {
    world.respond = (request, body, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(request.url === '/list' ? [1, 2] : { method: request.method, url: request.url, probe: request.headers['x-probe'], body: body === '' ? null : (JSON.parse(body) as unknown) }));
    };
    const { output, error } = await world.run(`do:
- list: {call: http, with: {method: GET, endpoint: '${world.web}/list'}}
- post:
    call: http
    with: {method: post, endpoint: {uri: '\${ "${world.web}/echo/" + (.[1] | tostring) }'}, headers: {x-probe: '\${ .[0] }'}, query: {page: 2}, body: {got: '\${ . }', fixed: [1, '\${ 1 + 1 }']}, output: response}`);
    expect(error).toBe('');
    expect(output).toMatchObject({ statusCode: 200, content: { method: 'POST', url: '/echo/2?page=2', probe: '1', body: { got: [1, 2], fixed: [1, 2] } } });
  });

  it('is tried again after 5xx, and 4xx is final', async () => {
    let calls = 0;
    world.respond = (request, _, response) => {
      calls += 1;
      if (request.url === '/gone') response.writeHead(404).end('{"why":"gone"}');
      else response.writeHead(calls < 2 ? 503 : 200, { 'content-type': 'text/plain' }).end('fine');
    };
    expect((await world.run(`do: [{a: {call: http, with: {method: GET, endpoint: '${world.web}/flaky'}}}]`)).output).toEqual({ value: 'fine' });
    calls = 0;
    const { output } = await world.run(`do: [{t: {try: [{a: {call: http, with: {method: GET, endpoint: '${world.web}/gone'}}}], catch: {as: e, do: [{s: {set: {status: '\${ $e.status }', type: '\${ $e.type }', why: '\${ $e.content.why }'}}}]}}}]`);
    expect(output).toEqual({ status: 404, type: 'https://serverlessworkflow.io/spec/1.0.0/errors/communication', why: 'gone' });
    expect(calls).toBe(1);
  });

  it('never reaches an internal address, by name or by redirect', async () => {
    world.respond = (_, __, response) => response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end();
    for (const uri of ['http://127.0.0.1:1/', 'http://localhost:1/', 'http://[::1]/', 'http://2130706433/', 'http://0x7f.1/', 'http://[::ffff:7f00:1]/', `${world.web}/away`]) {
      const { error } = await world.run(`do: [{a: {call: http, with: {method: GET, redirect: true, endpoint: '${uri}'}}}]`);
      expect(error).toMatch(/is (.*, )?an internal address|is not among the allowed/);
    }
  });

  it('carries secrets that no history holds', async () => {
    const seen: string[] = [];
    world.respond = (request, body, response) => {
      seen.push(String(request.headers['authorization']), body);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ echoed: request.headers['authorization'] }));
    };
    const { id, output, tasks } = await world.run(
      `do:
- a: {set: {kept: '\${ "k-" + $secrets.TOKEN }', evil: '\${ .evil }'}}
- b: {call: http, with: {method: POST, endpoint: {uri: '${world.web}', authentication: {bearer: {token: '\${ $secrets.TOKEN }'}}}, body: {old: 'x \${.secrets.TOKEN}', kept: '\${ .kept }', evil: '\${ .evil }'}}}`,
      { input: { evil: '${.secrets.TOKEN} {{secret:x:TOKEN}}' }, variables: { TOKEN: { isSecret: true } }, secrets: { TOKEN: 'hunter2-secret' } },
    );
    expect(seen[0]).toBe('Bearer hunter2-secret');
    expect(JSON.parse(seen[1] as string)).toEqual({ old: 'x hunter2-secret', kept: 'k-hunter2-secret', evil: '${.secrets.TOKEN} {{secret:x:TOKEN}}' });
    expect(output).toEqual({ echoed: 'Bearer ***' });
    const history = JSON.stringify(await world.history(id));
    const payloads = [...history.matchAll(/"data":"([A-Za-z0-9+/=]+)"/g)].map(([, data]) => Buffer.from(data as string, 'base64').toString());
    expect(payloads.length).toBeGreaterThan(4);
    expect(history + payloads.join(' ') + JSON.stringify(tasks)).not.toContain('hunter2-secret');
  });
});
