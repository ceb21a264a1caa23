import assert from "node:assert/strict";
import { isLoopback, isPublicAddress } from "../../src/http/address_ranges.ts";

Deno.test("isPublicAddress() tells servers of the Internet from what isn't", () => {
  const v4 = ["1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0"];
  v4.push("126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255");
  v4.push("172.32.0.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0");
  v4.push("223.255.255.255", "151.101.2.49");
  const others = ["0.0.0.0", "0.1.2.3", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.0.1"];
  others.push("127.0.0.1", "127.255.255.255", "169.254.0.0", "169.254.169.254", "172.16.0.0");
  others.push("172.31.255.255", "192.0.0.1", "192.0.2.1", "192.168.0.0", "192.168.255.255");
  others.push("198.18.0.0", "198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.1");
  others.push("239.255.255.255", "240.0.0.1", "255.255.255.255");
  for (const address of v4) {
    assert.ok(isPublicAddress(address), address);
    assert.ok(isPublicAddress(`::ffff:${address}`), address);
    assert.ok(isPublicAddress(`64:ff9b::${address}`), address);
  }
  for (const address of others) {
    assert.ok(!isPublicAddress(address), address);
    assert.ok(!isPublicAddress(`::ffff:${address}`), address);
    assert.ok(!isPublicAddress(`64:ff9b::${address}`), address);
    // Nobody should use these any more.
    assert.ok(!isPublicAddress(`::${address}`), address);
  }
  for (const address of ["2606:4700::1", "2a04:4e42::561", "2001:4860:4860::8888", "3fff:1000::"]) {
    assert.ok(isPublicAddress(address), address);
  }
  for (
    const address of [
      ...["::", "::1", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "fc00::1", "fdff::1"],
      ...["ff02::1", "2001:db8::1", "2002:7f00:1::", "2001::1", "64:ff9b:1::1", "4000::1"],
      ...["::ffff:7f00:1", "64:ff9b::7f00:1", "0:0:0:0:0:0:0:1", "3fff:fff::1"],
    ]
  ) assert.ok(!isPublicAddress(address), address);
});

Deno.test("isLoopback() tells this machine", () => {
  for (const host of ["127.0.0.1", "127.8.9.1", "0x7f.1", "[::1]", "localhost", "A.localhost."]) {
    assert.ok(isLoopback(new URL(`http://${host}:80`)), host);
  }
  for (const host of ["128.0.0.1", "[::2]", "localhost.example", "mylocalhost", "127.example"]) {
    assert.ok(!isLoopback(new URL(`http://${host}:80`)), host);
  }
});
