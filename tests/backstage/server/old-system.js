'use strict';
// A Backstage of the old backend system, put together by hand as each site did.
const { TestProvider, drive, endWithTheTest, installed } = require('./test-provider');
const {
  createServiceBuilder,
  getRootLogger,
  loadBackendConfig,
  DatabaseManager,
  SingleHostDiscovery,
  UrlReaders,
  ServerTokenManager,
} = installed('@backstage/backend-common');
const { ServerPermissionClient } = installed('@backstage/plugin-permission-node');
const { CatalogBuilder } = installed('@backstage/plugin-catalog-backend');
const Router = installed('express-promise-router').default;

endWithTheTest();

const PROCESSING_SECONDS = 30;

// There was no check of tokens but what a site wrote itself, usually like this.
function guard(request, response, next) {
  const token = process.env.STATIC_TOKEN;
  if (token && request.headers.authorization !== `Bearer ${token}`) {
    response.status(401).send('Unauthorized');
    return;
  }
  next();
}

async function main() {
  const root = getRootLogger();
  const config = await loadBackendConfig({ argv: process.argv, logger: root });
  const discovery = SingleHostDiscovery.fromConfig(config);
  const tokenManager = ServerTokenManager.noop();
  const permissions = ServerPermissionClient.fromConfig(config, { discovery, tokenManager });
  const logger = root.child({ plugin: 'catalog' });
  const provider = new TestProvider();
  const builder = CatalogBuilder.create({
    logger,
    config,
    permissions,
    database: DatabaseManager.fromConfig(config).forPlugin('catalog'),
    reader: UrlReaders.default({ logger, config }),
  });
  builder.setProcessingIntervalSeconds(PROCESSING_SECONDS);
  builder.addEntityProvider(provider);
  const { processingEngine, router } = await builder.build();
  await processingEngine.start();
  await drive(provider);

  const api = Router();
  api.use(guard);
  api.use('/catalog', router);
  await createServiceBuilder(module).loadConfig(config).addRouter('/api', api).start();
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
