// Exports that end early, and how they resume.
import "../export/resume/checkpoint_pace_test.ts";
import "../export/resume/checkpoints_test.ts";
import "../export/resume/resume_state_test.ts";
import "../export/resume_test.ts";
import "../export/retry_failed_doubts_test.ts";
import "../export/retry_failed_test.ts";
import "../export/tables_resume_test.ts";
import "../export/tables_test.ts";
import "../export/time_budget_test.ts";
import "../export/turmoil_test.ts";
