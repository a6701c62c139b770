// Starts the web server, on loopback. Settings: README.md.

import { serve } from '@hono/node-server';
import { app } from './app.mjs';
import { listen, pool } from './db.mjs';
import { tellAlerts } from './alerts.mjs';

const hostname = process.env.HOST || '127.0.0.1';
const server = serve({ fetch: app.fetch, hostname, port: Number(process.env.PORT || 8080) }, ({ port }) => {
  console.log(`http://${hostname}:${port}/`);
});
listen(tellAlerts);

function stop() {
  server.close(() => pool.end().then(() => process.exit(0)));
  server.closeAllConnections?.();
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
