// From a token to a score, and what a portal does around it. Every answer is checked.
//   MAMORI_URL, MAMORI_CLIENT_ID and MAMORI_CLIENT_SECRET say where, and who.
import assert from 'node:assert/strict';

import { client } from './mamori/client.gen.js';
import { Access, Assessments, Assets, Declarations, Organizations, Risks, type Problem } from './mamori/index.js';

// ---- A token, and a client that calls with it.
const {
  MAMORI_URL: baseUrl = 'http://127.0.0.1:8080',
  MAMORI_CLIENT_ID: client_id = '',
  MAMORI_CLIENT_SECRET: client_secret = '',
} = process.env;
client.setConfig({ baseUrl });
const { data: token } = await Access.issueToken({
  body: { grant_type: 'client_credentials', client_id, client_secret },
});
assert.equal(token.token_type, 'Bearer');
client.setConfig({ auth: token.access_token });

// ---- An organization.
const { data: company } = await Organizations.createOrganization({
  body: { name: '株式会社みほん', external_id: 'typescript-1', prefecture: '13', employees: 12 },
});
assert.equal(company.name, '株式会社みほん');
assert.equal(company.employees, 12);

// ---- A self-check in two sittings. The ETag of the last answer is the If-Match of the next call.
const begun = await Assessments.createAssessment({
  path: { id: company.id },
  body: { question_bank: 'self-check', edition: '4.0' },
});
const assessment = begun.data.id;
assert.equal(begun.data.state, 'draft');

const first = await Assessments.mergeAnswers({
  path: { id: assessment },
  headers: { 'If-Match': begun.response.headers.get('ETag') ?? '' },
  body: { answers: Array.from({ length: 12 }, (_, n) => ({ question: n + 1, option: 'implemented' })) },
});
assert.equal(first.data.answers.length, 12);
assert.deepEqual(first.data.unanswered.at(0), 13);

const second = await Assessments.mergeAnswers({
  path: { id: assessment },
  headers: { 'If-Match': first.response.headers.get('ETag') ?? '' },
  body: { answers: Array.from({ length: 13 }, (_, n) => ({ question: n + 13, option: 'partly_implemented' })) },
});
assert.deepEqual(second.data.unanswered, []);

// ---- Submit it; the answer got lost, so once more with the same key: nothing happens twice.
const submission = {
  path: { id: assessment },
  headers: { 'If-Match': second.response.headers.get('ETag') ?? '', 'Idempotency-Key': 'typescript-submit' },
};
const { data: submitted } = await Assessments.submitAssessment(submission);
const { data: again } = await Assessments.submitAssessment(submission);
assert.equal(submitted.state, 'submitted');
assert.deepEqual(again, submitted);

// ---- The score: 12 × 4 + 13 × 2.
const { data: result } = await Assessments.getAssessmentResult({
  path: { id: assessment },
  headers: { 'Accept-Language': 'ja' },
});
assert.equal(result.total, 74);
assert.equal(result.band?.code, 'partly_lacking');
assert.match(result.band.next_step, /\p{Script=Hiragana}/u);

// ---- The risk register, two assets, and the risks that follow, the highest first.
await Risks.beginRiskRegister({ path: { id: company.id }, body: { edition: '4.0' } });
const { data: upsert } = await Assets.upsertAssets({
  path: { id: company.id },
  body: {
    assets: [
      {
        external_id: 'A-001',
        name: '社員名簿',
        medium: 'office_pc',
        confidentiality: 3,
        integrity: 2,
        availability: 1,
        personal_information: true,
      },
      { external_id: 'A-002', name: '製品カタログ', medium: 'paper', confidentiality: 1, integrity: 1, availability: 1 },
    ],
  },
});
assert.equal(upsert.created, 2);

const { data: risks } = await Risks.listRisks({ path: { id: company.id } });
assert.deepEqual(risks.items.map((risk) => risk.asset.external_id), ['A-001', 'A-002']);
assert.equal(risks.items[0]?.value, 9);
assert.equal(risks.items[0].class, 'high');

// ---- A declaration of SECURITY ACTION, and what that makes of the company's status.
const { data: declaration } = await Declarations.createDeclaration({
  path: { id: company.id },
  body: { state: 'declared', on: '2026-06-01', terms: { stars: 1, declaration_id: '59999999911' } },
});
const { data: status } = await Declarations.getDeclarationStatus({
  path: { id: company.id },
  query: { as_of: '2026-06-02' },
});
assert.equal(status.state, 'declared');
assert.equal(status.stars, 1);
assert.equal(status.declaration?.id, declaration.id);

// ---- A list, page by page.
let { data: page } = await Assets.listAssets({ path: { id: company.id }, query: { limit: 1 } });
const names = page.items.map((asset) => asset.name);
while (page.next_cursor !== null) {
  ({ data: page } = await Assets.listAssets({
    path: { id: company.id },
    query: { limit: 1, cursor: page.next_cursor },
  }));
  assert.equal(page.items.length, 1);
  names.push(...page.items.map((asset) => asset.name));
}
assert.deepEqual(names.sort(), ['社員名簿', '製品カタログ'].sort());

// ---- What goes wrong is a Problem: a stable type, and where the mistake is. Here as a value, not thrown.
const { data: draft, response } = await Assessments.createAssessment({
  path: { id: company.id },
  body: { question_bank: 'self-check', edition: '4.0' },
});
const refused = await Assessments.mergeAnswers({
  throwOnError: false,
  path: { id: draft.id },
  headers: { 'If-Match': response.headers.get('ETag') ?? '', 'Accept-Language': 'ja' },
  body: { answers: [{ question: 1, option: 'perhaps' }] },
});
assert.ok(refused.error);
const problem: Problem = refused.error;
assert.equal(refused.response.status, 422);
assert.match(problem.type, /^\/problems\//);
assert.equal(problem.errors[0]?.pointer, '/answers/0/option');
assert.match(problem.title, /\p{Script=Hiragana}/u);
console.log(`${result.total} points, ${result.band.code}; ${names.length} assets; ${problem.type}: ${problem.title}`);
