// Storages in S3.
import "../s3/rgw_append_only_test.ts";
import "../s3/rgw_copy_test.ts";
import "../s3/rgw_doctor_test.ts";
import "../s3/rgw_export_test.ts";
import "../s3/rgw_prune_test.ts";
import "../s3/rgw_test.ts";
import "../s3/s3_answers_test.ts";
import "../s3/s3_claim_test.ts";
import "../s3/s3_deletion_test.ts";
import "../s3/s3_faults_test.ts";
import "../s3/s3_kept_test.ts";
import "../s3/s3_listing_test.ts";
import "../s3/s3_names_test.ts";
import "../s3/s3_storage_test.ts";
