import { describe, test } from "bun:test";
import { feedResponseAllWays } from "../../helpers/feed-response-all-ways.ts";
import { BODIES, CHUNKS, INTERIMS, PERSISTENCE, REFUSALS, SMUGGLING } from "./response-vectors.ts";

describe("how a body ends (RFC 9112 section 6.3)", () => {
  test.each(BODIES)("%s", (_why, each) => feedResponseAllWays(each));
});

describe("chunks (RFC 9112 section 7.1)", () => {
  test.each(CHUNKS)("%s", (_why, each) => feedResponseAllWays(each));
});

describe("interim responses and upgrades (RFC 9110 sections 15.2, 7.8, 9.3.6)", () => {
  test.each(INTERIMS)("%s", (_why, each) => feedResponseAllWays(each));
});

describe("whether the connection lives on (RFC 9112 section 9.3)", () => {
  test.each(PERSISTENCE)("%s", (_why, each) => feedResponseAllWays(each));
});

describe("what is refused", () => {
  test.each(REFUSALS)("%s", (_why, each) => feedResponseAllWays(each));
});

describe("what another parser might see otherwise", () => {
  test.each(SMUGGLING)("%s", (_why, each) => feedResponseAllWays(each));
});
