// The local server that answers like DatoCMS.
import "../demo/sample_project_test.ts";
import "../simulator/environments_test.ts";
import "../simulator/faults_test.ts";
import "../simulator/generated_project_test.ts";
import "../simulator/items_test.ts";
import "../simulator/memory_project_test.ts";
import "../simulator/nested_test.ts";
import "../simulator/recording_test.ts";
import "../simulator/schedules_test.ts";
import "../simulator/server_test.ts";
import "../simulator/settings_test.ts";
import "../simulator/uploads_test.ts";
import "../simulator/write_items_test.ts";
import "../simulator/write_project_test.ts";
import "../simulator/write_rest_test.ts";
