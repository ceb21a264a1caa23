// Exports of projects that change meanwhile.
import "../export/converge/amend_batches_test.ts";
import "../export/converge/compare_versions_test.ts";
import "../export/converge/converge_test.ts";
import "../export/converge/converged_counts_test.ts";
import "../export/converge/interrupted_converge_test.ts";
import "../export/drift_test.ts";
import "../export/faults_test.ts";
import "../export/freeze_test.ts";
import "../export/hostile_test.ts";
