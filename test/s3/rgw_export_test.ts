import { exportsContract } from "../export/exports_contract.ts";
import { long } from "../support/long.ts";
import { openRgw, RGW } from "./open_rgw.ts";

const endpoint = RGW;
if (endpoint !== undefined) {
  exportsContract("a real S3 server", {
    open: () => openRgw(endpoint),
    assets: long(2000, 100),
    kills: long(10, 2),
  });
}
