import { exportsContract } from "../steps/exports_contract.ts";
import { openRgw, RGW } from "./open_rgw.ts";

if (RGW !== undefined) {
  exportsContract("a real S3 server", { open: () => openRgw(RGW), assets: 2000, kills: 10 });
}
