// Restores.
import "../restore/frame_test.ts";
import "../restore/records_cases_test.ts";
import "../restore/records_difference_test.ts";
import "../restore/records_properties_test.ts";
import "../restore/records_round_trip_test.ts";
import "../restore/schema_fork_test.ts";
import "../restore/schema_round_trip_test.ts";
