import { contend } from "../contenders/contender.ts";
import { spinContender } from "./stream.ts";

await contend(spinContender("spin"));
