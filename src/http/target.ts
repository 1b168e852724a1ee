import { UsageError } from "../codec/errors.ts";

/** An HTTP origin taken apart. */
export interface HttpTarget {
  readonly secure: boolean;
  readonly hostname: string;
  readonly port: number;
  /** `https://api.example.com`: what stands in messages. */
  readonly origin: string;
}

/** Throws `URL_INVALID` for anything but `http:` and `https:` URLs. Path, query and login are not looked at: they are the request's. */
export function httpTarget(url: string | URL): HttpTarget {
  const parsed = URL.parse(String(url));
  if (parsed === null || (parsed.protocol !== "http:" && parsed.protocol !== "https:")) {
    const shown = parsed === null ? "the text given" : `${parsed.protocol}//${parsed.host}`;
    throw new UsageError("URL_INVALID", `Cannot connect: ${shown} is not an http: or https: URL`);
  }
  const { protocol, hostname, port, origin } = parsed;
  const secure = protocol === "https:";
  return { secure, hostname, port: port === "" ? (secure ? 443 : 80) : Number(port), origin };
}
