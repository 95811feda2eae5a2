'use strict';
// Fills a database file with a catalog as if Backstage had processed it. Importing takes it half a minute for a thousand
// entities; this takes as long for ten thousand, so that benchmarks can have large catalogs. The tables, relations, search
// rows and hashes are made by the catalog's own code. Written for the packages of `versions/current` alone.
//
// usage: BACKSTAGE_INSTALLATION=<folder> node seed-database.js <file with an entity in each line> <database file>
const crypto = require('node:crypto');
const path = require('node:path');
const { installed, readLines, withLocation } = require('./test-provider');

const root = path.dirname(installed.resolve('@backstage/plugin-catalog-backend/package.json'));
const internal = name => installed(path.join(root, 'dist', `${name}.cjs.js`));
const { applyDatabaseMigrations } = internal('database/migrations');
const { buildEntitySearch } = internal('database/operations/stitcher/buildEntitySearch');
const { BuiltinKindsEntityProcessor } = internal('processors/BuiltinKindsEntityProcessor');
const { stringifyEntityRef } = installed('@backstage/catalog-model');
const createKnex = installed('knex');
const Sqlite = installed('better-sqlite3');
const stableStringify = installed('fast-json-stable-stringify');

const NOW = '2030-01-01 00:00:00';
// Nothing is processed again.
const NEVER = '2100-01-01 00:00:00';
const SOURCE = 'test-provider';

async function migrate(filename) {
  const knex = createKnex({
    client: 'better-sqlite3',
    connection: { filename },
    useNullAsDefault: true,
  });
  await applyDatabaseMigrations(knex);
  await knex.destroy();
}

// Entities by their references, and for each the relations that any of them gives it.
async function processed(file) {
  const processor = new BuiltinKindsEntityProcessor();
  const entities = new Map();
  const relations = new Map();
  for (const line of await readLines(file)) {
    line.metadata.namespace ||= 'default';
    const entity = await processor.preProcessEntity(withLocation(line));
    const reference = stringifyEntityRef(entity);
    entities.set(reference, { id: crypto.randomUUID(), entity });
    await processor.postProcessEntity(entity, undefined, emitted => {
      if (emitted.type !== 'relation') return;
      const { type } = emitted.relation;
      const source = stringifyEntityRef(emitted.relation.source);
      const target = stringifyEntityRef(emitted.relation.target);
      if (!relations.has(source)) relations.set(source, new Map());
      relations.get(source).set(`${type}\0${target}`, { type, target, origin: reference });
    });
  }
  return { entities, relations };
}

const compare = (one, other) => (one < other ? -1 : Number(one > other));

function write(filename, { entities, relations }) {
  const database = new Sqlite(filename);
  // Prepared statements without a journal: the catalog's own way of inserting is many times slower.
  for (const pragma of ['journal_mode = OFF', 'synchronous = OFF', 'foreign_keys = OFF']) {
    database.pragma(pragma);
  }
  const statements = {};
  const insert = (table, row) => {
    const columns = Object.keys(row);
    statements[table] ??= database.prepare(
      `INSERT INTO ${table} (${columns}) VALUES (${columns.map(column => `@${column}`)})`,
    );
    statements[table].run(row);
  };
  database.exec('BEGIN');
  // In the order of the ids, so that the indexes grow at their ends.
  const sorted = [...entities].sort(([, one], [, other]) => compare(one.id, other.id));
  for (const [reference, { id, entity }] of sorted) {
    const text = JSON.stringify(entity);
    const own = [...(relations.get(reference)?.values() ?? [])].sort(
      (one, other) => compare(one.type, other.type) || compare(one.target, other.target),
    );
    entity.relations = own.map(({ type, target }) => ({ type, targetRef: target }));
    const hash = crypto.createHash('sha1').update(stableStringify(entity)).digest('hex');
    entity.metadata.uid = id;
    entity.metadata.etag = hash;
    insert('refresh_state', {
      entity_id: id,
      entity_ref: reference,
      unprocessed_entity: text,
      processed_entity: text,
      errors: '[]',
      next_update_at: NEVER,
      last_discovery_at: NOW,
      location_key: SOURCE,
    });
    insert('refresh_state_references', { source_key: SOURCE, target_entity_ref: reference });
    insert('final_entities', {
      entity_id: id,
      entity_ref: reference,
      final_entity: JSON.stringify(entity),
      hash,
      last_updated_at: NOW,
    });
    for (const relation of own) {
      insert('relations', {
        originating_entity_id: entities.get(relation.origin).id,
        source_entity_ref: reference,
        type: relation.type,
        target_entity_ref: relation.target,
      });
    }
    for (const row of buildEntitySearch(id, entity)) insert('search', row);
  }
  database.exec('COMMIT');
  database.exec('ANALYZE');
  database.close();
}

async function main() {
  const [file, filename] = process.argv.slice(2);
  await migrate(filename);
  write(filename, await processed(file));
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
