import { defineConfig } from '@hey-api/openapi-ts';

const { MAMORI_URL: url = 'http://127.0.0.1:8080' } = process.env;

export default defineConfig({
  // The document of a running service; a file: npx openapi-ts -i PATH
  input: `${url}/openapi.json`,
  output: {
    path: 'mamori',
    // What TypeScript wants of modules that Node.js runs as they are.
    importFileExtension: '.js',
  },
  plugins: [
    // What goes wrong is thrown, unless a call says otherwise.
    { name: '@hey-api/client-fetch', throwOnError: true },
    '@hey-api/typescript',
    // A class for each tag, a method for each operation.
    { name: '@hey-api/sdk', operations: { strategy: 'byTags' } },
  ],
});
