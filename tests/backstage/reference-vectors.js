'use strict';
// Prints what Backstage's own code makes of entity references, names and annotation keys, as JSON. It is committed as
// `crates/catalog/tests/data/ref-vectors.json`, and a test runs this again to see that it still is Backstage's word.
//
// usage: BACKSTAGE_INSTALLATION=<folder> node reference-vectors.js
const { installed } = require('./server/test-provider');

const model = installed('@backstage/catalog-model');

const outcome = produce => {
  try {
    return produce();
  } catch (error) {
    return { error: error.message };
  }
};

const REFERENCES = [
  'payments',
  'group:payments',
  'Group:Default/Payments',
  'emea/payments',
  'group:emea/payments',
  'user:default/jane.doe',
  'a/b/c',
  'group:a/b/c',
  'a:b:c',
  'x/y:z',
  'k:x/y:z',
  ':a',
  'group:',
  'a/',
  '/a',
  'group:/a',
  'group:a/',
  '',
  ' payments',
  'payments ',
  'group: payments',
  'GROUP:payments',
  'group:ns/ÅSA',
  'group:ns/İ',
  'team@corp.example',
  "user:default/o'brien",
];

const CONTEXTS = [
  { defaultKind: 'Group', defaultNamespace: 'default' },
  { defaultKind: 'Group', defaultNamespace: 'emea' },
  {},
];

const NAMES = [
  'a',
  'A',
  'a-b',
  'a_b',
  'a.b',
  'a--b',
  'a..b',
  '-a',
  'a-',
  '.a',
  'a.',
  '_a',
  'a b',
  'a/b',
  'a:b',
  'å',
  'x'.repeat(63),
  'x'.repeat(64),
  '',
  '1',
  'a+b',
  'a@b',
];

const ANNOTATION_KEYS = [
  'a',
  'backstage.io/kubernetes-id',
  'Backstage.io/x',
  'a/b/c',
  '/a',
  'a/',
  'x.y/Z_1.2-3',
  'a b',
];

const parse = REFERENCES.flatMap(ref =>
  CONTEXTS.map(context => ({
    ref,
    ...context,
    parsed: outcome(() => model.parseEntityRef(ref, context)),
    string: outcome(() => model.stringifyEntityRef(model.parseEntityRef(ref, context))),
  })),
);

const validator = model.makeValidator();
const valid = NAMES.map(value => ({
  value,
  name: validator.isValidEntityName(value),
  namespace: validator.isValidNamespace(value),
  labelValue: validator.isValidLabelValue(value),
  tag: validator.isValidTag(value),
  kind: validator.isValidKind(value),
}));
const annotationKeys = ANNOTATION_KEYS.map(value => ({
  value,
  valid: validator.isValidAnnotationKey(value),
}));

const catalogModel = installed('@backstage/catalog-model/package.json').version;
process.stdout.write(`${JSON.stringify({ catalogModel, parse, valid, annotationKeys }, null, 1)}\n`);
