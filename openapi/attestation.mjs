// Verifies an attestation by libraries that mamori does not use: jose (the signature, by the published keys)
// and @digitalbazaar/bitstring (the status list).
//   node attestation.mjs API < TOKEN
// Prints the stars, or why it does not hold; ends with 1 where it does not.
import { readFileSync } from "node:fs";
import { Bitstring } from "@digitalbazaar/bitstring";
import { createLocalJWKSet, jwtVerify } from "jose";

const api = process.argv[2];
const token = readFileSync(0, "utf8").trim();
const get = async (address) => {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer;
};
const keys = createLocalJWKSet(await (await get(`${api}/.well-known/jwks.json`)).json());
try {
  const { payload } = await jwtVerify(token, keys, { issuer: api, typ: "vc+jwt", algorithms: ["EdDSA"] });
  if (!payload["@context"].includes("https://www.w3.org/ns/credentials/v2")) throw new Error("no VC 2.0");
  const status = payload.credentialStatus;
  const list = await (await get(status.statusListCredential)).text();
  const { payload: credential } = await jwtVerify(list, keys, { issuer: api, typ: "vc+jwt" });
  // The first character says base64url, without padding.
  const encoded = credential.credentialSubject.encodedList.slice(1);
  const bits = new Bitstring({ buffer: await Bitstring.decodeBits({ encoded }) });
  if (bits.get(Number(status.statusListIndex))) throw new Error("revoked");
  console.log(`jose: good, ${payload.credentialSubject.stars} star(s), ${payload.credentialSubject.nature}`);
} catch (error) {
  console.log(`jose: refused: ${error.code ?? error.message}`);
  process.exitCode = 1;
}
