import net from 'node:net';

// Tests talk to this machine alone: a connection to any other address is refused before it is made.
const connect = net.Socket.prototype.connect;
const LOOPBACK = /^(127\.|::1$|localhost$)/;

net.Socket.prototype.connect = function guarded(this: net.Socket, ...args: unknown[]): net.Socket {
  const first = Array.isArray(args[0]) ? args[0][0] : args[0];
  const options = typeof first === 'object' && first !== null ? (first as { host?: string; path?: string }) : {};
  const host = options.host ?? (typeof args[1] === 'string' ? args[1] : 'localhost');
  if (options.path === undefined && !LOOPBACK.test(host)) throw new Error(`test: a connection to ${host} was refused`);
  return Reflect.apply(connect, this, args) as net.Socket;
} as typeof connect;
