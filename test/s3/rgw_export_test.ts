import { exportsContract } from "../export/exports_contract.ts";
import { openRgw, RGW } from "./open_rgw.ts";

const endpoint = RGW;
if (endpoint !== undefined) {
  exportsContract("a real S3 server", { open: () => openRgw(endpoint), assets: 2000, kills: 10 });
}
