// Exports on a schedule.
import "../schedule/deno_cron_test.ts";
import "../schedule/library_test.ts";
import "../schedule/notify_test.ts";
import "../schedule/open_schedule_test.ts";
import "../schedule/prune_old_test.ts";
import "../schedule/schedule_test.ts";
import "../schedule/status_handler_test.ts";
import "../telemetry/with_telemetry_test.ts";
