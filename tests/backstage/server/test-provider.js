'use strict';
// What all our Backstages share: an entity provider that a test drives while the catalog is read, and the end of the
// process when the test is gone.
const fs = require('node:fs');
const http = require('node:http');
const readline = require('node:readline');
const { createRequire } = require('node:module');
const path = require('node:path');

// The packages are installed outside of the checkout, so that Node does not find them from here.
const required = name => {
  const folder = process.env[name];
  if (!folder) throw new Error(`${name} is not set`);
  return folder;
};
const installed = createRequire(
  path.join(required('BACKSTAGE_INSTALLATION'), 'package.json'),
);

// Entities without these are refused by the catalog.
const LOCATION = 'test:generated';

// Standard input is a pipe that the test holds open. Its end is the only sign that is never missed: a killed test
// runs no code of its own.
function endWithTheTest() {
  process.stdin.on('end', () => process.exit(0));
  process.stdin.on('error', () => process.exit(0));
  process.stdin.resume();
}

function withLocation(entity) {
  const annotations = {
    'backstage.io/managed-by-location': LOCATION,
    'backstage.io/managed-by-origin-location': LOCATION,
    ...(entity.metadata.annotations || {}),
  };
  return { ...entity, metadata: { ...entity.metadata, annotations } };
}

function deferred(entity) {
  return { entity: withLocation(entity), locationKey: 'test-provider' };
}

// Deltas of Backstage 1.11 remove whole entities, those of later ones references too. The catalog looks at kind,
// namespace and name alone.
function removal(reference) {
  const [, kind, namespace, name] = /^([^:]+):([^/]+)\/(.+)$/.exec(reference);
  return deferred({
    apiVersion: 'backstage.io/v1alpha1',
    kind,
    metadata: { namespace, name },
  });
}

class TestProvider {
  getProviderName() {
    return 'test-provider';
  }

  async connect(connection) {
    this.connection = connection;
  }

  full(entities) {
    return this.connection.applyMutation({
      type: 'full',
      entities: entities.map(deferred),
    });
  }

  delta({ added = [], removed = [] }) {
    return this.connection.applyMutation({
      type: 'delta',
      added: added.map(deferred),
      removed: removed.map(removal),
    });
  }
}

async function readLines(file) {
  const entities = [];
  const lines = readline.createInterface({ input: fs.createReadStream(file) });
  for await (const line of lines) if (line) entities.push(JSON.parse(line));
  return entities;
}

async function readBody(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

async function answer(provider, request, response) {
  try {
    const body = await readBody(request);
    if (request.method === 'POST' && request.url === '/full') {
      await provider.full(body.entities);
    } else if (request.method === 'POST' && request.url === '/delta') {
      await provider.delta(body);
    } else {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(204).end();
  } catch (error) {
    response.writeHead(500).end(String(error.stack || error));
  }
}

// CATALOG_LINES: a file with an entity in each line, the catalog at the start. CONTROL_PORT: where a test says what
// changes, by `POST /full {"entities": […]}` and `POST /delta {"added": […], "removed": ["kind:namespace/name", …]}`.
async function drive(provider) {
  const file = process.env.CATALOG_LINES;
  if (file) await provider.full(await readLines(file));
  const port = Number(process.env.CONTROL_PORT);
  if (!port) return;
  const server = http.createServer((request, response) =>
    answer(provider, request, response),
  );
  await new Promise((listening, failed) => {
    server.once('error', failed);
    server.listen(port, '127.0.0.1', listening);
  });
}

module.exports = { TestProvider, drive, endWithTheTest, installed, readLines, withLocation };
