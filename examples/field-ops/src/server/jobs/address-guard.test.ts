import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { AddressGuard, isPublic } from './address-guard.ts';
import { CallFailed, httpCall } from './http-call.ts';

const nowhere = [
  ...['127.0.0.1', '127.1.2.3', '0.0.0.0', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1'],
  // Metadata services.
  ...['169.254.169.254', 'fd00:ec2::254', 'fe80::1', '100.100.100.200'],
  ...['::1', '::', '::ffff:127.0.0.1', '::ffff:a00:1', '64:ff9b::7f00:1', '2002:7f00:1::', '2001:db8::1', 'fc00::1'],
  ...['224.0.0.1', '255.255.255.255', 'ff02::1', '198.18.0.1', '192.0.2.1'],
];

describe('which addresses are public', () => {
  test.each(nowhere)('%s is not', (address) => expect(isPublic(address)).toBe(false));
  test.each(['8.8.8.8', '172.32.0.1', '100.63.255.255', '2606:4700:4700::1111', '2404:6800:4009::200e'])(
    '%s is',
    (address) => expect(isPublic(address)).toBe(true),
  );
});

describe('a URL from outside', () => {
  const to = (...addresses: string[]) =>
    new AddressGuard([], () =>
      Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))),
    );

  test.each([
    'http://8.8.8.8/',
    'ftp://8.8.8.8/',
    'file:///etc/passwd',
    'https://user:secret@8.8.8.8/',
    'https://127.0.0.1/',
    // All of these are 127.0.0.1 or 169.254.169.254 in other spellings.
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0251.0376.0251.0376/',
    'https://[::ffff:169.254.169.254]/',
    'https://[::1]:8080/',
  ])('%s is not called', async (url) => {
    await expect(to('8.8.8.8').check(new URL(url))).rejects.toThrow(/not/);
  });

  test('is called at the address that was checked', async () => {
    expect(await to('8.8.8.8').check(new URL('https://mfi.example/'))).toEqual({ address: '8.8.8.8', family: 4 });
  });

  test('is not called when one of its addresses is inside', async () => {
    await expect(to('8.8.8.8', '10.0.0.7').check(new URL('https://mfi.example/'))).rejects.toThrow('10.0.0.7');
  });

  test('may be inside, and unencrypted, where whoever runs this says so', async () => {
    const guard = new AddressGuard(['127.0.0.0/8', 'fd12::/16']);
    expect(await guard.check(new URL('http://127.0.0.1:99/'))).toEqual({ address: '127.0.0.1', family: 4 });
    expect(await guard.check(new URL('http://[fd12::1]/'))).toEqual({ address: 'fd12::1', family: 6 });
    await expect(guard.check(new URL('http://10.0.0.1/'))).rejects.toThrow('10.0.0.1');
    expect(() => new AddressGuard(['localhost'])).toThrow('no range');
    for (const range of ['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', '10.0.0.0/1e1', 'fd12::/129', '/8'])
      expect(() => new AddressGuard([range])).toThrow(`EKBAAR_OUTGOING_ALLOWED: "${range}" is no range`);
  });
});

describe('a call', () => {
  const served = async (answer: Parameters<typeof createServer>[1]) => {
    const server = createServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      port: (server.address() as AddressInfo).port,
      close: () => (server.closeAllConnections(), server.close()),
    };
  };
  const get = (url: string) => ({ method: 'GET' as const, url, signal: new AbortController().signal });

  test('asks for the name once, and connects to what was checked: the name may lead inside a moment later', async () => {
    const server = await served((_request, answer) => answer.end('{}'));
    let asked = 0;
    const rebinding = new AddressGuard(['127.0.0.0/8'], () => {
      asked += 1;
      return Promise.resolve([{ address: asked === 1 ? '127.0.0.1' : '10.255.255.1', family: 4 }]);
    });
    const answer = await httpCall({ guard: rebinding })(get(`http://mfi.invalid:${server.port}/`));
    expect([answer.status, asked]).toEqual([200, 1]);
    server.close();
  });

  test('does not follow a redirect', async () => {
    const inside = await served((_request, answer) => answer.end('secret'));
    const server = await served((_request, answer) =>
      answer.writeHead(302, { location: `http://127.0.0.1:${inside.port}/` }).end(),
    );
    const answer = await httpCall()(get(`http://127.0.0.1:${server.port}/`));
    expect([answer.status, answer.text]).toEqual([302, '']);
    server.close();
    inside.close();
  });

  test('keeps no more of an answer than it needs, and waits no longer than it may', async () => {
    const endless = await served((_request, answer) => {
      const write = () => {
        if (!answer.destroyed) answer.write('x'.repeat(65_536), write);
      };
      write();
    });
    const answer = await httpCall()(get(`http://127.0.0.1:${endless.port}/`));
    expect(answer.text).toHaveLength(65_536);
    endless.close();
    const silent = await served(() => {});
    const failed = await httpCall({ timeoutMs: 200 })(get(`http://127.0.0.1:${silent.port}/`)).catch(
      (error: unknown) => error,
    );
    expect(failed).toBeInstanceOf(CallFailed);
    // It may have been heard.
    expect((failed as CallFailed).sent).toBe(true);
    silent.close();
  });

  test('says when nothing can have been heard', async () => {
    const server = await served(() => {});
    server.close();
    const refused = await httpCall()(get(`http://127.0.0.1:${server.port}/`)).catch((error: unknown) => error);
    expect((refused as CallFailed).sent).toBe(false);
    const inside = await httpCall({ guard: new AddressGuard() })(get('http://127.0.0.1/')).catch(
      (error: unknown) => error,
    );
    expect(inside).toMatchObject({ sent: false, refused: true });
  });
});
