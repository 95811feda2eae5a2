'use strict';
// A Backstage of the new backend system, which is every one since 1.39 and most since 1.20: the catalog and our provider.
const { TestProvider, drive, endWithTheTest, installed } = require('./test-provider');

endWithTheTest();

// Until catalog 2.0 what the new system needs stood under `/alpha`. A package may have both.
const alpha = process.env.CATALOG_ENTRY === 'alpha' ? '/alpha' : '';
const { createBackend } = installed('@backstage/backend-defaults');
const { createBackendModule, coreServices } = installed('@backstage/backend-plugin-api');
const { catalogProcessingExtensionPoint } = installed(`@backstage/plugin-catalog-node${alpha}`);

// The catalog takes at most 10 entities from its queue at a time, and looks once a second: some 30 entities a second.
// FAST_INGEST=1 widens that. It changes how fast a catalog is filled, and nothing of what the API answers.
if (process.env.FAST_INGEST) {
  const path = require('node:path');
  const root = path.dirname(installed.resolve('@backstage/plugin-catalog-backend/package.json'));
  const pipeline = installed(path.join(root, 'dist/processing/TaskPipeline.cjs.js'));
  const original = pipeline.startTaskPipeline;
  pipeline.startTaskPipeline = options =>
    original({ ...options, lowWatermark: 40, highWatermark: 200, pollingIntervalMs: 50 });
}

const testModule = createBackendModule({
  pluginId: 'catalog',
  moduleId: 'test-provider',
  register(environment) {
    environment.registerInit({
      deps: {
        catalog: catalogProcessingExtensionPoint,
        lifecycle: coreServices.rootLifecycle,
      },
      async init({ catalog, lifecycle }) {
        const provider = new TestProvider();
        catalog.addEntityProvider(provider);
        // A provider is connected only once the catalog has started.
        lifecycle.addStartupHook(() => drive(provider));
      },
    });
  },
});

const backend = createBackend();
backend.add(installed(`@backstage/plugin-catalog-backend${alpha}`).default);
backend.add(testModule);
backend.start().catch(error => {
  console.error(error);
  process.exit(1);
});
