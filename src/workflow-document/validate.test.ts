import { describe, expect, it } from 'vitest';
import { validateText } from './validate.js';

const HEAD = "document: {dsl: '1.0.0', namespace: lab, name: probe, version: '0.1.0'}\n";

function findings(text: string): string[] {
  return validateText(text).findings.map(({ line, pathText, message, severity }) => `${line} ${severity === 'warning' ? '(warning) ' : ''}${pathText}: ${message}`);
}

const steps = (text: string): string[] => findings(`${HEAD}do:\n${text}`);

describe('a document', () => {
  it.each([
    "- a: {set: {n: 4, who: ada}, export: {as: '${ . }'}}",
    "- a: {call: http, with: {method: get, endpoint: 'https://example.com/{id}', headers: {x: '${ .a }'}, query: {p: 1}, output: response, redirect: true}}",
    "- a: {call: http, with: {method: GET, endpoint: {uri: 'https://example.com', authentication: {bearer: {token: '${ $secrets.TOKEN }'}}}}}",
    "- a: {call: agent, with: {agent: reviewer, message: '${ \"Review \" + .title }', env: {TOKEN: '${.secrets.GIT_TOKEN}'}, config: {model: m, timeout: 60}}}",
    '- a: {do: [{b: {set: {x: 1}}}]}',
    "- a: {for: {each: x, at: i, in: .xs}, while: '$x != 2', do: [{b: {set: {v: '${ $x * $i }'}}}]}",
    "- a: {fork: {compete: true, branches: [{l: {set: {a: 1}}}, {r: {do: [{b: {wait: PT1S}}]}}]}}",
    "- a: {switch: [{big: {when: '${ .v > 5 }', then: b}}, {other: {then: end}}]}\n- b: {set: {x: 1}}",
    "- a: {try: [{b: {raise: {error: {type: 'https://example.com/e', status: 500}}}}], catch: {errors: {with: {status: 500}}, as: e, when: '$e.status == 500', retry: {delay: PT1S, backoff: {exponential: {}}, limit: {attempt: {count: 3}}}, do: [{c: {set: {m: '${ $e.title }'}}}]}}",
    "- a: {listen: {to: {any: [{with: {type: a}}, {with: {type: b, data: '${ .ok }'}}], until: '. | length > 2'}}, foreach: {item: event, do: [{b: {set: {x: '${ $event }'}}}]}}",
    "- a: {emit: {event: {with: {source: 'https://example.com', type: done, data: {x: '${ .x }'}}}}}",
    "- a: {run: {script: {language: js, code: 'console.log(1)', environment: {A: '${ .a }'}}, return: all}}",
    "- a: {run: {container: {image: 'alpine:3', command: 'echo hi', lifetime: {cleanup: eventually, after: PT1M}}}}",
    '- a: {wait: {seconds: 1}}',
    "- a: {if: .x > 1, input: {from: .y, schema: {document: {type: object}}}, output: {as: '${ .z }'}, timeout: {after: PT5S}, then: a, set: {x: 1}}",
    "- a: {set: {x: '${ $data.x + 1 }'}, if: \"${ $env.A.value == 'b' }\"}",
  ])('may have %s', (text) => {
    expect(steps(text)).toEqual([]);
  });

  it('may define what its tasks use', () => {
    const text = `${HEAD}use:
  authentications: {main: {basic: {username: a, password: '\${ $secrets.P }'}}}
  errors: {late: {type: 'https://example.com/late', status: 408}}
  retries: {often: {limit: {attempt: {count: 5}}}}
  timeouts: {short: {after: PT5S}}
  functions: {ask: {call: http, with: {method: GET, endpoint: 'https://example.com'}}}
  secrets: [P]
input: {schema: {document: {type: object}}, from: .a}
output: {as: '\${ .b }'}
timeout: {after: PT1H}
schedule: {cron: '0 * * * *'}
do:
- a: {call: ask, timeout: short}
- b: {try: [{x: {raise: {error: late}}}], catch: {retry: often}}
- c: {call: http, with: {method: GET, endpoint: {uri: 'https://example.com', authentication: {use: main}}}}
`;
    expect(findings(text)).toEqual([]);
  });
});

describe('a fault', () => {
  it.each([
    ['- a: {cal: http}', [expect.stringMatching(/^3 do\[0\]\.a: has none of the keys .*, and has cal; did you mean call\?$/)]],
    ['- a: {set: {x: 1}, call: http}', ['3 do[0].a: is of several kinds at once: call, set']],
    ["- a: {for: {in: .x}}", ['3 do[0].a: a loop has do: with the tasks to repeat, beside for:']],
    ['- a: {set: {x: 1}, thn: end}', ['3 do[0].a.thn: is not known here; did you mean then?']],
    ["- a: {set: {x: '${ .a | nope }'}}", [expect.stringContaining('3 do[0].a.set.x: the expression cannot be read: nope/0 is not defined')]],
    ["- a: {set: {x: '${ $nope }'}}", [expect.stringContaining('$nope is not defined')]],
    ["- a: {if: '.x >', set: {x: 1}}", [expect.stringContaining('do[0].a.if: the expression cannot be read: unexpected the end')]],
    ['- a: {set: {x: 1}, then: bx}\n- bc: {set: {x: 1}}', ['3 do[0].a.then: bx is no task of this list, and not continue, exit, end; did you mean bc?', '4 (warning) do[1].bc: is never reached']],
    ['- a: {set: {x: 1}}\n- a: {set: {x: 1}}', ['4 do[1].a: a is the name of task 1 of this list already']],
    ['- a: {set: {x: 1}, then: end}\n- b: {set: {x: 1}}', ['4 (warning) do[1].b: is never reached']],
    ['- a: {wait: soon}', [expect.stringContaining('3 do[0].a.wait: must be a duration')]],
    ['- a: {call: http, with: {methd: GET, endpoint: x}}', ['3 do[0].a.with: method is missing', '3 do[0].a.with.methd: is not known here; did you mean method?']],
    ['- a: {call: nope}', ['3 do[0].a.call: use.functions has no nope']],
    ['- a: {raise: {error: nope}}', ['3 do[0].a.raise.error: use.errors has no nope']],
    ['- a: {listen: {to: {one: {with: {type: a}}, any: []}}}', ['3 do[0].a.listen.to: must have one of one, any, all, and has one and any']],
    ['- a: {run: {script: {language: ruby, code: x}}}', ['3 do[0].a.run.script.language: must be one of js, javascript, python']],
    ['- a: {set: {x: 1}}\n  b: {set: {x: 1}}', ["3 do[0]: must be an object with one key, the task's name, and has a, b: indent what belongs to the task"]],
    ["- a: {switch: [{x: {then: end}}, {y: {when: .b, then: end}}]}", ['3 (warning) do[0].a.switch[1].y: is never reached: a case before it has no when']],
    ["- a: {for: {each: x, in: .xs}, do: [{b: {set: {v: '${ $item }'}}}]}", [expect.stringContaining('$item is not defined')]],
  ])('%s is told where it is', (text, expected) => {
    expect(steps(text)).toEqual(expected);
  });

  it('is one of many, all of which are told', () => {
    expect(findings('document: {dsl: 1, name: A_b}\ndo:\n- a: {wait: 3}\n- b: {nope: 1}\n')).toEqual([
      '1 document: namespace is missing',
      '1 document: version is missing',
      "1 document.dsl: must be a text: write '1' in quotes",
      '1 document.name: must be lower-case letters, digits and -, at most 63 characters',
      expect.stringContaining('3 do[0].a.wait: must be a duration'),
      expect.stringContaining('4 do[1].b: has none of the keys'),
    ]);
  });

  it.each(['do: [', '"just text"', 'a: 1\na: 2', '- 1', 'a: &x [*x]', ''])('in the text %j is told as well', (text) => {
    const { document, findings } = validateText(text);
    expect(document).toBeUndefined();
    expect(findings.length).toBeGreaterThan(0);
  });

  it('is a document that is too deep or too long', () => {
    let deep = '{set: {x: 1}}';
    for (let i = 0; i < 120; i++) deep = `{do: [{a: ${deep}}]}`;
    expect(steps(`- a: ${deep}`)).toEqual([expect.stringContaining('tasks are nested more than 100 deep')]);
    const long = Array.from({ length: 10_001 }, (_, i) => `- t${i}: {set: {x: 1}}`).join('\n');
    expect(steps(long)).toEqual([expect.stringContaining('there are 10001 tasks, nested ones included, the limit is 10000')]);
  });
});
