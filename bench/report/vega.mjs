// Plain JavaScript with a declaration beside it: vega's own declarations need the DOM's, which Bun's do not have.
import { parse, View } from "vega";

export async function drawSvg(spec) {
  const view = new View(parse(spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return `${svg}\n`;
}
