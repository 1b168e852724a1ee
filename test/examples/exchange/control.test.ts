import { describe, expect, test } from "bun:test";
import { parseControl } from "../../../examples/exchange/control.ts";

const METHOD_LIST = "`SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`";

describe("understood", () => {
  const cases: readonly [text: string, request: unknown][] = [
    [
      '{"method":"SUBSCRIBE","params":["a@trade","b@trade"],"id":1}',
      { method: "SUBSCRIBE", streams: ["a@trade", "b@trade"], id: 1 },
    ],
    [
      '{"method":"UNSUBSCRIBE","params":["a@trade"],"id":"x"}',
      { method: "UNSUBSCRIBE", streams: ["a@trade"], id: "x" },
    ],
    ['{"method":"SUBSCRIBE","params":["a@trade"]}', { method: "SUBSCRIBE", streams: ["a@trade"], id: null }],
    ['{"method":"LIST_SUBSCRIPTIONS","id":-3}', { method: "LIST_SUBSCRIPTIONS", id: -3 }],
    ['{"method":"SET_PROPERTY","params":["combined",true],"id":5}', { method: "SET_PROPERTY", value: true, id: 5 }],
    ['{"method":"GET_PROPERTY","params":["combined"],"id":2}', { method: "GET_PROPERTY", id: 2 }],
  ];
  test.each(cases)("%s", (text, request) => {
    expect<unknown>(parseControl(text)).toEqual(request);
  });
});

describe("refused", () => {
  const cases: readonly [text: string, error: unknown][] = [
    ["{", { code: 3, msg: "Invalid JSON: expected value at line 1 column 1" }],
    ['{"method":\nnope}', { code: 3, msg: "Invalid JSON: expected value at line 2 column 5" }],
    ["[1]", { code: 2, msg: "Invalid request: expected an object" }],
    ['{"id":1}', { code: 2, msg: "Invalid request: missing field `method`", id: 1 }],
    [
      '{"method":"BUY","id":1}',
      { code: 2, msg: `Invalid request: unknown variant \`BUY\`, expected one of ${METHOD_LIST}`, id: 1 },
    ],
    [
      '{"method":"SUBSCRIBE","params":["a@trade"],"id":1.5}',
      { code: 2, msg: "Invalid request: request ID must be an integer, a string of at most 36 characters, or null" },
    ],
    [
      '{"method":"SUBSCRIBE","params":"a@trade","id":1}',
      { code: 2, msg: "Invalid request: expected a list for `params`", id: 1 },
    ],
    ['{"method":"SUBSCRIBE","params":[],"id":1}', { code: 2, msg: "Invalid request: missing field `params`", id: 1 }],
    [
      '{"method":"SUBSCRIBE","params":[3],"id":1}',
      { code: 2, msg: "Invalid request: stream name must be a string", id: 1 },
    ],
    [
      '{"method":"LIST_SUBSCRIPTIONS","params":["a"],"id":1}',
      { code: 2, msg: "Invalid request: too many parameters", id: 1 },
    ],
    [
      '{"method":"SET_PROPERTY","params":[true],"id":1}',
      { code: 2, msg: "Invalid request: property name must be a string", id: 1 },
    ],
    [
      '{"method":"SET_PROPERTY","params":["combined",true,1],"id":1}',
      { code: 2, msg: "Invalid request: too many parameters", id: 1 },
    ],
    ['{"method":"GET_PROPERTY","params":["other"],"id":1}', { code: 0, msg: "Unknown property", id: 1 }],
    [
      '{"method":"SET_PROPERTY","params":["combined","yes"],"id":1}',
      { code: 1, msg: "Invalid value type: expected Boolean", id: 1 },
    ],
  ];
  test.each(cases)("%s", (text, error) => {
    expect(parseControl(text)).toEqual({ error } as ReturnType<typeof parseControl>);
  });
});
