import { createServer, connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { kernelPeerOwner, plainAddress } from './peer-owner.js';

const header = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const row = (local: string, remote: string, state: string, uid: number, inode: number) =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000  ${uid}        0 ${inode} 1 0000000000000000 20 4 30 10 -1\n`;

function tables(tcp: string, tcp6 = header) {
  return async (path: string) => (path.endsWith('tcp6') ? tcp6 : tcp);
}

const fakeSocket = (from: string, fromPort: number, to: string, toPort: number) =>
  ({ remoteAddress: from, remotePort: fromPort, localAddress: to, localPort: toPort }) as Socket;

describe('kernelPeerOwner', () => {
  it('finds the owner of an IPv4 peer', async () => {
    const owner = kernelPeerOwner('linux', tables(header + row('0100007F:D431', '0100007F:1C42', '01', 1000, 77)));
    expect(await owner.ownerOf(fakeSocket('127.0.0.1', 0xd431, '127.0.0.1', 7234))).toBe(1000);
    expect(await owner.ownerOf(fakeSocket('127.0.0.1', 0xd432, '127.0.0.1', 7234))).toBeUndefined();
  });

  it('finds the owner of an IPv6 peer, and of an IPv4 peer that came in through an IPv6 socket', async () => {
    const loopback = '00000000000000000000000001000000';
    const mapped = '0000000000000000FFFF00000100007F';
    const owner = kernelPeerOwner(
      'linux',
      tables(header, header + row(`${loopback}:D431`, `${loopback}:1C42`, '01', 1001, 5) + row(`${mapped}:D433`, `${mapped}:1C42`, '01', 1002, 6)),
    );
    expect(await owner.ownerOf(fakeSocket('::1', 0xd431, '::1', 7234))).toBe(1001);
    expect(await owner.ownerOf(fakeSocket('::ffff:127.0.0.1', 0xd433, '::ffff:127.0.0.1', 7234))).toBe(1002);
  });

  it('takes no owner from a socket whose process has gone, which the kernel shows as root’s', async () => {
    const orphan = row('0100007F:D431', '0100007F:1C42', '01', 0, 0);
    const waiting = row('0100007F:D432', '0100007F:1C42', '06', 0, 9);
    const owner = kernelPeerOwner('linux', tables(header + orphan + waiting));
    expect(await owner.ownerOf(fakeSocket('127.0.0.1', 0xd431, '127.0.0.1', 7234))).toBeUndefined();
    expect(await owner.ownerOf(fakeSocket('127.0.0.1', 0xd432, '127.0.0.1', 7234))).toBeUndefined();
  });

  it('reads the tables after the connection was made, and once for all that wait', async () => {
    let readings = 0;
    const owner = kernelPeerOwner('linux', async () => {
      readings += 1;
      return header + row('0100007F:D431', '0100007F:1C42', '01', 1000, 77);
    });
    const first = owner.ownerOf(fakeSocket('127.0.0.1', 0xd431, '127.0.0.1', 7234));
    await Promise.resolve();
    await Promise.resolve();
    const later = Array.from({ length: 100 }, () => owner.ownerOf(fakeSocket('127.0.0.1', 0xd431, '127.0.0.1', 7234)));
    await Promise.all([first, ...later]);
    expect(readings).toBeLessThanOrEqual(4);
  });

  it('knows nothing where there is no such table', async () => {
    expect(await kernelPeerOwner('darwin').ownerOf(fakeSocket('127.0.0.1', 1, '127.0.0.1', 2))).toBeUndefined();
    const unreadable = kernelPeerOwner('linux', async () => Promise.reject(new Error('no /proc')));
    expect(await unreadable.ownerOf(fakeSocket('127.0.0.1', 1, '127.0.0.1', 2))).toBeUndefined();
  });

  it.runIf(process.platform === 'linux')('names this process’s own user for a real connection', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const client = connect(address.port, '127.0.0.1');
    const [socket] = (await once(server, 'connection')) as [Socket];
    expect(await kernelPeerOwner('linux').ownerOf(socket)).toBe(process.getuid?.());
    client.destroy();
    socket.destroy();
    server.close();
  });
});

describe('plainAddress', () => {
  it('takes the IPv4 address out of a mapped one and leaves others', () => {
    expect(plainAddress('::ffff:10.0.0.1')).toBe('10.0.0.1');
    expect(plainAddress('::1')).toBe('::1');
  });
});
