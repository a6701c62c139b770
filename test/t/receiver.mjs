// A webhook for 013_consumer.pl: writes what it accepts to stdout, a line a request, in the order in
// which it came. Takes its time, and answers every 40th request with an error.
import { createServer } from 'node:http';

let requests = 0;
createServer((request, response) => {
  let body = '';
  request.on('data', (part) => (body += part));
  request.on('end', () => {
    const accepted = ++requests % 40 !== 0;
    if (accepted) process.stdout.write(`${request.headers['idempotency-key']} ${body}\n`);
    response.statusCode = accepted ? 204 : 503;
    setTimeout(() => response.end(), 10);
  });
}).listen(Number(process.argv[2]), '127.0.0.1', () => process.stderr.write('listening\n'));
