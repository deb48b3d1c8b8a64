export default { alta: { input: '../../../api/openapi.yaml', output: { target: './out/orval/alta.ts', client: 'fetch', mode: 'single' } } }
