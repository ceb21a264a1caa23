// What deno task test:long shows at full size.
import "../long/append_only_test.ts";
import "../long/listings_test.ts";
import "../long/outages_test.ts";
import "../long/paused_exporter_test.ts";
import "../long/redirects_test.ts";
import "../long/stores_test.ts";
