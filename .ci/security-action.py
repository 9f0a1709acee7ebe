"""The whole life of a declaration over HTTP, and an attestation of it verified by other libraries, then refused
once it is revoked.

    security-action.py API TOKEN REPOSITORY

Needs PyJWT with cryptography, and node with the packages of openapi/. Prints what it finds, and fails where
something is not as it should be.
"""

import base64
import gzip
import json
import subprocess
import sys
import urllib.request

import jwt

api, token, repository = sys.argv[1:4]


def call(method, path, body=None, headers=None, expected=(200, 201)):
    """One call, and its answer as JSON with its headers."""
    sent = {"authorization": f"Bearer {token}", "accept-language": "ja", **(headers or {})}
    if body is not None:
        sent["content-type"] = "application/json"
        body = json.dumps(body).encode()
    request = urllib.request.Request(api + path, data=body, headers=sent, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read()), answer.headers
    except urllib.error.HTTPError as error:
        told = json.loads(error.read())
        if error.code in expected:
            return told, error.headers
        sys.exit(f"{method} {path}: {error.code} {told}")


def same(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: {found!r}, not {expected!r}")
    print(f"{what}: {found}")


def say(declaration, step, body):
    answer, _ = call("POST", f"{declaration}/{step}", body, {"if-match": "*"})
    return call("GET", f"/v1/declarations/{answer['id']}/history")[0]["items"][-1]["recorded_at"]


# --- the whole life ----------------------------------------------------------------------------
company, _ = call("POST", "/v1/organizations", {"name": "株式会社みほん製作所", "corporate_number": "7123456789012"})
company = f"/v1/organizations/{company['id']}"
made, headers = call("POST", f"{company}/declarations", {"state": "preparing", "on": "2026-03-01", "terms": {"stars": 1}})
old = headers["location"]
times = [call("GET", f"{old}/history")[0]["items"][-1]["recorded_at"]]
call("PATCH", f"{company}/declaration-preparation", {"commitment": {
    "committed_by": "代表取締役 見本 太郎", "committed_on": "2026-03-05", "edition": "3.1"}}, {"if-match": "*"})
ready, _ = call("GET", f"{company}/readiness?star=1")
same("readiness for one star", ready["stars"][0]["ready"], True)
times.append(say(old, "declare", {"on": "2026-03-10", "terms": {"declaration_id": "49999999901"}}))
_, headers = call("POST", f"{company}/declarations", {"state": "declared", "on": "2026-06-01", "terms": {
    "stars": 1, "declaration_id": "59999999901", "articles_edition": "4.0"}})
new = headers["location"]
times.append(say(old, "supersede", {"by": new.rsplit("/")[-1], "on": "2026-06-01"}))
times.append(say(new, "amend", {"on": "2026-09-01", "terms": {"stars": 2}}))


def attest():
    attestation, _ = call("POST", f"{company}/attestations", {"valid_days": 7})
    return attestation


refused, _ = call("POST", f"{company}/attestations", {}, expected=(409,))
same("an attestation without consent", refused["type"], "/problems/consent-missing")
_, headers = call("POST", f"{company}/consents", {"purpose": "attestation", "given_by": "代表取締役 見本 太郎"})
consent = headers["location"]
attestation = attest()
# --- an attestation, by other libraries ----------------------------------------------------------
def by_python(credential):
    """PyJWT for the signature, the standard library for the status list."""
    keys = {key["kid"]: jwt.PyJWK(key).key for key in call("GET", "/.well-known/jwks.json")[0]["keys"]}

    def opened(text):
        header = jwt.get_unverified_header(text)
        if header["typ"] != "vc+jwt":
            raise jwt.InvalidTokenError("no vc+jwt")
        return jwt.decode(text, keys[header["kid"]], algorithms=["EdDSA"], issuer=api)

    try:
        statement = opened(credential)
        status = statement["credentialStatus"]
        with urllib.request.urlopen(status["statusListCredential"]) as answer:
            listed = opened(answer.read().decode())["credentialSubject"]["encodedList"]
        packed = base64.urlsafe_b64decode(listed[1:] + "=" * (-len(listed[1:]) % 4))
        bits, index = gzip.decompress(packed), int(status["statusListIndex"])
        if bits[index // 8] >> (7 - index % 8) & 1:
            return "PyJWT: refused: revoked"
    except jwt.InvalidTokenError as error:
        return f"PyJWT: refused: {type(error).__name__}"
    subject = statement["credentialSubject"]
    return f"PyJWT: good, {subject['stars']} star(s), {subject['nature']}"


def by_javascript(credential):
    """jose for the signature, @digitalbazaar/bitstring for the status list."""
    command = ["node", f"{repository}/openapi/attestation.mjs", api]
    done = subprocess.run(command, input=credential, capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr.strip()


header, payload, signature = attestation["token"].split(".")
body = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
body["credentialSubject"]["stars"] = 1
altered = base64.urlsafe_b64encode(json.dumps(body).encode()).decode().rstrip("=")
tampered = f"{header}.{altered}.{signature}"
for verify, name, refusal in (
    (by_python, "PyJWT", "InvalidSignatureError"),
    (by_javascript, "jose", "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"),
):
    same(f"verified by {name}", verify(attestation["token"]), f"{name}: good, 2 star(s), self-declared")
    same(f"tampered, by {name}", verify(tampered), f"{name}: refused: {refusal}")
call("POST", f"{consent}/withdraw", {}, {"if-match": "*"})
for verify, name in ((by_python, "PyJWT"), (by_javascript, "jose")):
    same(f"after the consent was withdrawn, by {name}", verify(attestation["token"]), f"{name}: refused: revoked")
told, _ = call("POST", "/v1/attestation-checks", {"token": attestation["token"]})
same("by the service itself", [told["valid"], told["flaw"]], [False, "revoked"])

# --- its end, and the status at each point ---------------------------------------------------------
times.append(say(new, "stop", {"by": "declarant", "on": "2026-11-20"}))
for as_of, known, expected in [
    ("2026-03-05", 0, ["preparing", 1]),
    ("2026-04-01", 1, ["declared", 1]),
    ("2026-07-01", 2, ["declared", 1]),
    ("2026-10-01", 3, ["declared", 2]),
    ("2026-11-21", 4, ["stopped", 2]),
    ("2026-10-01", 2, ["declared", 1]),
    ("2026-04-01", 0, ["preparing", 1]),
]:
    told, _ = call("GET", f"{company}/declaration-status?as_of={as_of}&known_at={times[known]}")
    same(f"as of {as_of}, known after step {known + 1}", [told["state"], told["stars"]], expected)
