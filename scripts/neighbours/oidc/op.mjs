// node op.mjs PORT QUIRK: a certified OpenID provider that logs one person in
// without a form, and speaks as one of the providers that are out there.
import fs from 'node:fs'
import https from 'node:https'
import { generateKeyPairSync } from 'node:crypto'
import { Provider } from 'oidc-provider'

const [port, quirk] = process.argv.slice(2)
const { TLS_CERT, TLS_KEY, REDIRECT } = process.env
const mail = { email: 'zhao@shop.test', email_verified: true }
const two = ['pwd', 'mfa']
const [claims, amr] = {
  good: [mail, two],
  userinfo: [mail, two],
  noamr: [mail],
  password: [mail, ['pwd']],
  amrstring: [mail, 'mfa'],
  entra: [{ email: mail.email, preferred_username: mail.email, oid: 'o-1', tid: 't-1' }, two],
  verifiedstring: [{ ...mail, email_verified: 'true' }, two],
  unverified: [{ ...mail, email_verified: false }, two],
  swk: [mail, ['swk', 'user', 'pin']],
  post: [mail, two],
  es256: [mail, two],
  hs256: [mail, two],
  rotated: [mail, two],
}[quirk]

const fresh = (kty, options, alg) => {
  const jwk = generateKeyPairSync(kty, options).privateKey.export({ format: 'jwk' })
  return { ...jwk, use: 'sig', alg, kid: `${quirk}-${alg}` }
}
// The keys are kept from one start to the next, as a provider does, until it rotates them.
const { KEYS } = process.env
const keys = (quirk !== 'rotated' && fs.existsSync(KEYS) && JSON.parse(fs.readFileSync(KEYS))) || [
  fresh('rsa', { modulusLength: 2048 }, 'RS256'),
  fresh('ec', { namedCurve: 'P-256' }, 'ES256'),
]
fs.writeFileSync(KEYS, JSON.stringify(keys))

const provider = new Provider(`https://localhost:${port}`, {
  clients: [
    {
      client_id: 'alta',
      client_secret: 'alta-secret-0123456789-0123456789-01',
      redirect_uris: [REDIRECT],
      application_type: 'native',
      response_types: ['code'],
      grant_types: ['authorization_code'],
      token_endpoint_auth_method: quirk === 'post' ? 'client_secret_post' : 'client_secret_basic',
      id_token_signed_response_alg: { es256: 'ES256', hs256: 'HS256' }[quirk] ?? 'RS256',
    },
  ],
  jwks: { keys },
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256', 'HS256'] },
  pkce: { required: () => true },
  claims: {
    openid: ['sub', 'amr', 'oid', 'tid'],
    email: ['email', 'email_verified'],
    profile: ['preferred_username'],
  },
  // True is the standard's way: the e-mail address is at userinfo only.
  conformIdTokenClaims: quirk === 'userinfo',
  findAccount: (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id, ...claims }) }),
  features: { devInteractions: { enabled: false } },
  interactions: { url: (ctx, interaction) => `/i/${interaction.uid}` },
  cookies: { keys: ['neighbour'] },
})
for (const event of ['server_error', 'authorization.error', 'grant.error']) {
  provider.on(event, (ctx, error) => console.error(event, error.message, error.error_description))
}
const answer = provider.callback()
const options = { key: fs.readFileSync(TLS_KEY), cert: fs.readFileSync(TLS_CERT) }
https
  .createServer(options, async (request, response) => {
    if (!request.url.startsWith('/i/')) return answer(request, response)
    const { params } = await provider.interactionDetails(request, response)
    const grant = new provider.Grant({ accountId: 'zhao', clientId: params.client_id })
    grant.addOIDCScope(params.scope)
    const result = { login: { accountId: 'zhao', ...(amr && { amr }) }, consent: { grantId: await grant.save() } }
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true })
  })
  .listen(+port, '127.0.0.1')
