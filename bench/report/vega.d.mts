/** Draws a specification of Vega as an SVG document, without a browser. */
export declare function drawSvg(spec: Readonly<Record<string, unknown>>): Promise<string>;
