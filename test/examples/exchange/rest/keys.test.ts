import { expect, test } from "bun:test";
import { createPrivateKey, sign } from "node:crypto";
import { KeyRing, TEST_ED25519_KEY, TEST_HMAC_KEY } from "../../../../examples/exchange/rest/keys.ts";

// The example of the venue's documentation, and a string that is not signed.
const SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";
const PAYLOAD =
  "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559";
const SIGNATURE = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71";

test("the venue's own HMAC example holds, in either case, again and again", () => {
  const keys = new KeyRing([{ apiKey: "a", secret: SECRET }]);
  const verifies = (payload: string, signature: string): boolean => keys.verifies("a", Buffer.from(payload), signature);
  expect(verifies(PAYLOAD, SIGNATURE)).toBe(true);
  expect(verifies(PAYLOAD, SIGNATURE.toUpperCase())).toBe(true);
  expect(verifies(`${PAYLOAD}0`, SIGNATURE)).toBe(false);
  expect(verifies(PAYLOAD, SIGNATURE.replace("c8", "c9"))).toBe(false);
  expect(verifies(PAYLOAD, SIGNATURE.slice(2))).toBe(false);
  expect(verifies(PAYLOAD, "")).toBe(false);
});

test("the Ed25519 test key is that of RFC 8032, and signatures are base64", () => {
  const keys = new KeyRing([TEST_ED25519_KEY]);
  const rfcSignature = Buffer.from(
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    "hex",
  ).toString("base64");
  expect(keys.verifies(TEST_ED25519_KEY.apiKey, Buffer.alloc(0), rfcSignature)).toBe(true);
  expect(keys.verifies(TEST_ED25519_KEY.apiKey, Buffer.from("x"), rfcSignature)).toBe(false);
  expect(keys.verifies(TEST_ED25519_KEY.apiKey, Buffer.alloc(0), "short")).toBe(false);
  const signed = sign(null, Buffer.from(PAYLOAD), createPrivateKey(TEST_ED25519_KEY.privateKey)).toString("base64");
  expect(keys.verifies(TEST_ED25519_KEY.apiKey, Buffer.from(PAYLOAD), signed)).toBe(true);
});

test("a key that is not there verifies nothing", () => {
  const keys = new KeyRing([TEST_HMAC_KEY]);
  expect([keys.knows(TEST_HMAC_KEY.apiKey), keys.knows("a")]).toEqual([true, false]);
  expect(keys.verifies("a", Buffer.from(PAYLOAD), SIGNATURE)).toBe(false);
});
