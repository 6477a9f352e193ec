import { describe, expect, it } from 'vitest';
import { FakeOutput } from '../../../test/support/fake-output.js';
import { bold, red, Screen } from './output.js';

describe('output', () => {
  it('takes control sequences out of everything that is written', () => {
    const out = new FakeOutput({ columns: 80, color: true });
    out.line('a\u001b[2J', red('b\u001b]0;x\u0007'));
    expect(out.raw).toBe('a\u001b[31mb\u001b[39m\n');
  });

  it('writes styles only where colour is wanted, and ends them before a newline', () => {
    const coloured = new FakeOutput({ columns: 80, color: true });
    coloured.write(bold('a\nb'));
    expect(coloured.raw).toBe('\u001b[1ma\u001b[22m\n\u001b[1mb\u001b[22m');
    const plain = new FakeOutput();
    plain.write(bold('a\nb'));
    expect(plain.raw).toBe('a\nb');
  });

  it('shows a status line until something is written, on terminals only', () => {
    const out = new FakeOutput({ columns: 80 });
    out.status('waiting 1 s');
    expect(out.screen).toBe('waiting 1 s');
    out.status('waiting 2 s');
    expect(out.screen).toBe('waiting 2 s');
    out.line('done');
    expect(out.screen).toBe('done\n');
    const piped = new FakeOutput();
    piped.status('waiting');
    expect(piped.raw).toBe('');
  });

  it('cuts a status line at the width, and shows none in the middle of a line', () => {
    const out = new FakeOutput({ columns: 20 });
    out.status('x'.repeat(40));
    expect(out.screen).toBe('x'.repeat(19));
    out.write('text');
    out.status('waiting');
    expect(out.screen).toBe('text');
  });

  it('clears the status line of one output when the other writes to the same terminal', () => {
    const screen = new Screen();
    const out = new FakeOutput({ columns: 80, screen });
    const err = new FakeOutput({ columns: 80, screen });
    out.status('waiting');
    err.line('lost');
    expect(out.screen).toBe('');
    expect(err.screen).toBe('lost\n');
  });
});
