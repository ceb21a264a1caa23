// The project itself: its documentation, public functions and tasks.
import "../docs_test.ts";
import "../face_test.ts";
import "../house_test.ts";
import "../support/undisturbed_test.ts";
import "../tasks_test.ts";
import "../walk/parts_test.ts";
