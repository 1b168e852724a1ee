import { expect, test } from "bun:test";
import { ed25519, hmacSha256, type Signer } from "../../examples/signing.ts";

function hex(text: string): Uint8Array {
  return Buffer.from(text, "hex");
}

/** PKCS #8 around the 32 bytes of an Ed25519 key (RFC 8410 section 7). */
function pem(seed: string): string {
  const der = Buffer.concat([hex("302e020100300506032b657004220420"), hex(seed)]);
  return `-----BEGIN PRIVATE KEY-----\n${der.toString("base64")}\n-----END PRIVATE KEY-----\n`;
}

test.each<[why: string, secret: string, payload: Uint8Array, signature: string]>([
  [
    "RFC 4231, case 1",
    "\x0b".repeat(20),
    Buffer.from("Hi There"),
    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
  ],
  [
    "RFC 4231, case 2: a key shorter than the output",
    "Jefe",
    Buffer.from("what do ya want for nothing?"),
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  ],
  [
    "the example of Binance's documentation",
    "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j",
    Buffer.from(
      "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559",
    ),
    "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71",
  ],
])("HMAC-SHA256: %s", (_, secret, payload, signature) => {
  const sign: Signer = hmacSha256(secret);
  expect([sign(payload), sign(payload)]).toEqual([signature, signature]);
});

test.each<[why: string, seed: string, payload: string, signature: string]>([
  [
    "test 1: nothing",
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "test 2: one byte",
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "test 3: two bytes",
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
])("Ed25519: RFC 8032, %s", (_, seed, payload, signature) => {
  expect(ed25519(pem(seed))(hex(payload))).toBe(Buffer.from(hex(signature)).toString("base64"));
});
