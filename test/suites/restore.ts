// Restores.
import "../restore/frame_test.ts";
